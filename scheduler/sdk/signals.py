"""What user code raises to say how its attempt ends, other than by returning or failing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from logging import Logger
from typing import Any, Final, NoReturn, Protocol

from scheduler.errors import NaiveDate
from scheduler.wire import Question


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


class Waits(Protocol):
    """What a task can wait for: see `sdk.deferral`."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path of its class, and what to make it of."""


class TaskDeferred(BaseException):
    """Ends the attempt; once the trigger has fired, the task goes on with `method_name` in a new one.

    It holds no slot until then. No Exception: `except Exception` lets it pass.
    """

    def __init__(
        self,
        *,
        trigger: Waits,
        method_name: str,
        kwargs: Mapping[str, Any] | None = None,
        timeout: timedelta | float | None = None,
    ) -> None:
        super().__init__(f"waits for {type(trigger).__name__}")
        self.trigger = trigger
        self.method_name = method_name
        self.kwargs = kwargs
        self.timeout = timeout


class TaskAwaitingInput(BaseException):
    """Ends the attempt; once a person has answered, the task goes on with the method that the question names."""

    def __init__(self, question: Question) -> None:
        super().__init__(f"asks: {question.subject}")
        self.question = question


class TaskDeferralError(TaskError):
    """What a deferred task waited for cannot come: its trigger failed."""


class TaskDeferralTimeout(TaskError):
    """What a deferred task waited for did not come within its `timeout`."""


class TaskTimeout(BaseException):
    """The attempt ran longer than its execution_timeout. No Exception: `except Exception` lets it pass."""


class TaskCancelled(BaseException):
    """The attempt was asked to stop: the run was cancelled, or the task was marked or cleared meanwhile."""


#: What a task goes on with whose wait failed, in place of a method.
FAILED_WAIT: Final = "__fail__"
#: The error of a wait that took longer than it may.
WAITED_TOO_LONG: Final = "Trigger timeout"


def fail_of_wait(log: Logger, failure: Mapping[str, Any]) -> NoReturn:
    """Raise what became of a wait: TaskDeferralTimeout or TaskDeferralError."""
    if failure.get("traceback"):
        log.error("The trigger failed:\n%s", failure["traceback"])
    error = failure.get("error")
    kind = TaskDeferralTimeout if error == WAITED_TOO_LONG else TaskDeferralError
    raise kind(failure.get("message") or error)


AirflowException = TaskError
AirflowSkipException = SkipTask
AirflowFailException = FailTask
AirflowRescheduleException = RescheduleTask
AirflowSensorTimeout = SensorTimeout
AirflowTaskTimeout = TaskTimeout
