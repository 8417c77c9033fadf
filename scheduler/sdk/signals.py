"""What user code raises to say how its attempt ends, other than by returning or failing."""

from __future__ import annotations

from datetime import datetime

from scheduler.errors import NaiveDate


class TaskError(Exception):
    """An error that user code raises on purpose; retried like any other."""


class SkipTask(TaskError):
    """Ends the attempt as skipped; the message is the reason shown."""


class FailTask(TaskError):
    """Ends the attempt as failed, with no retry however many are left."""


class SensorTimeout(FailTask):
    """A sensor waited in vain for as long as it may; it is not tried again."""


class RescheduleTask(TaskError):
    """Ends the attempt; the task is called again at `reschedule_date` and holds no slot until then."""

    def __init__(self, reschedule_date: datetime) -> None:
        if reschedule_date.tzinfo is None:
            raise NaiveDate(f"RescheduleTask({reschedule_date}) has no time zone; add tzinfo=UTC.")
        super().__init__(f"called again at {reschedule_date.isoformat()}")
        self.reschedule_date = reschedule_date


class TaskTimeout(BaseException):
    """The attempt ran longer than its execution_timeout. No Exception: `except Exception` lets it pass."""


class TaskCancelled(BaseException):
    """The attempt was asked to stop: the run was cancelled, or the task was marked or cleared meanwhile."""


AirflowException = TaskError
AirflowSkipException = SkipTask
AirflowFailException = FailTask
AirflowRescheduleException = RescheduleTask
AirflowSensorTimeout = SensorTimeout
AirflowTaskTimeout = TaskTimeout
