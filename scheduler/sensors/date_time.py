"""Sensors that wait for a moment: an instant, a time of day, a time after the data interval, a day of the week."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from scheduler.errors import BadDag
from scheduler.sdk.arguments import bad_argument, read_duration, read_instant
from scheduler.sdk.context import Context, current_clock
from scheduler.sdk.deferral import NamedTrigger
from scheduler.sdk.results import XComArg
from scheduler.sdk.sensor import BaseSensorOperator, DeferrableSensor
from scheduler.sdk.weekday import WeekDays, read_week_days


class MomentSensor(DeferrableSensor):
    """Waits for an instant; those below say which. With `deferrable` it is woken at that instant."""

    def moment(self, context: Context) -> datetime:
        """Return the instant, aware. Override it."""
        raise NotImplementedError(f"{type(self).__name__} has no moment(); override it.")

    def poke(self, context: Context) -> bool:
        """Look at the clock."""
        moment = self.moment(context)
        self.log.info("Waits until %s.", moment.isoformat())
        return current_clock().now() >= moment

    def trigger(self, context: Context) -> NamedTrigger:
        """Return what fires at the instant."""
        moment = self.moment(context).astimezone(UTC)
        return NamedTrigger("scheduler.triggers.temporal.DateTimeTrigger", {"moment": moment})


class DateTimeSensor(MomentSensor):
    """Waits until `target_time`: a datetime, or its ISO 8601 text, which may be a template.

    A text without a zone is UTC.
    """

    template_fields = ("target_time",)

    def __init__(self, task_id: str, *, target_time: datetime | str | XComArg[Any], **arguments: Any) -> None:
        super().__init__(task_id, **arguments)
        if not isinstance(target_time, datetime | str | XComArg):
            raise bad_argument("target_time", target_time, "give a datetime with a time zone, or a text")
        aware = read_instant("target_time", target_time) if isinstance(target_time, datetime) else None
        self.target_time = target_time if aware is None else aware.isoformat()

    def moment(self, context: Context) -> datetime:
        """Read the text."""
        try:
            moment = datetime.fromisoformat(str(self.target_time).strip())
        except ValueError:
            raise BadDag(
                f"target_time={self.target_time!r} cannot be read as an ISO 8601 instant such as "
                "2026-11-21T06:30:00+00:00."
            ) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class TimeSensor(MomentSensor):
    """Waits until a time of the day on which it first looked, in the DAG's time zone unless the time has its own."""

    def __init__(self, task_id: str, *, target_time: time, **arguments: Any) -> None:
        super().__init__(task_id, **arguments)
        if not isinstance(target_time, time):
            raise bad_argument("target_time", target_time, "give a datetime.time such as time(6, 30)")
        self.target_time = target_time

    def moment(self, context: Context) -> datetime:
        """Place the time on the day."""
        zone = self.target_time.tzinfo or self.time_zone
        today = (context["ti"].waiting_since or current_clock().now()).astimezone(zone)
        return datetime.combine(today.date(), self.target_time, zone)


class TimeDeltaSensor(MomentSensor):
    """Waits until `delta` after the end of the run's data interval; after the instant it was due where it has none."""

    def __init__(self, task_id: str, *, delta: timedelta | float, **arguments: Any) -> None:
        super().__init__(task_id, **arguments)
        duration = read_duration("delta", delta)
        if duration is None:
            raise bad_argument("delta", delta, "give a timedelta, or a number of seconds")
        self.delta = duration

    def moment(self, context: Context) -> datetime:
        """Add to the end of the data interval."""
        start: datetime = context["data_interval_end"] or context["dag_run"].run_after
        return start + self.delta


class DayOfWeekSensor(BaseSensorOperator):
    """Waits until it is one of these days in the DAG's time zone, or looks at the run's logical date instead."""

    def __init__(
        self, task_id: str, *, week_day: WeekDays, use_task_logical_date: bool = False, **arguments: Any
    ) -> None:
        super().__init__(task_id, **arguments)
        self.week_day = read_week_days("week_day", week_day)
        self.use_task_logical_date = use_task_logical_date

    def poke(self, context: Context) -> bool:
        """Look which day it is."""
        moment = context["logical_date"] if self.use_task_logical_date else None
        return (moment or current_clock().now()).astimezone(self.time_zone).isoweekday() in self.week_day
