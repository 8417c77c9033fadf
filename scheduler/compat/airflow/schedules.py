"""`schedule` and `schedule_interval` of files written for Airflow.

Airflow 2 runs at the end of a data interval, and the logical date is the interval's start. Airflow 3 runs at the
instant that the expression names, which is the logical date. `schedule_interval` is a word of Airflow 2 and earlier;
`schedule` in a file that imports `airflow.sdk` is one of Airflow 3; in others it may be either: a setting decides.
"""

from __future__ import annotations

import linecache
import os
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from scheduler.compat.airflow.old_forms import warn_of
from scheduler.errors import BadSchedule
from scheduler.sdk.location import author_file, author_line
from scheduler.sdk.schedule import (
    CronDataIntervalTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    DeltaTriggerTimetable,
    Rhythm,
    Zone,
)
from scheduler.wire import ScheduleSpec

#: What an ambiguous `schedule` means: "trigger" (as in Airflow 3), "interval" (Airflow 2), or "ask".
MEANING: Final = "DIRIGENT_AIRFLOW_SCHEDULE"
_SDK: Final = re.compile(r"\s*(?:from|import)\s+airflow\.sdk\b")
_AS_THEY_ARE: Final = frozenset({"@once", "@continuous"})


@dataclass(frozen=True)
class Unsure:
    """A timetable that may be meant otherwise: people are asked."""

    read: Rhythm

    @property
    def timezone(self) -> Zone | None:
        """The time zone in which a cron expression is read."""
        return self.read.timezone

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        return replace(self.read.to_spec(), meaning="unsure")


def read_old_schedule(value: Any, start: datetime | None) -> Any:
    """Read `schedule_interval`: the run starts at the end of its data interval."""
    warn_of(
        "schedule_interval",
        "runs start at the end of their data interval, as in Airflow 2; write "
        "schedule=CronDataIntervalTimetable(...), or schedule=... for runs at the instant itself",
    )
    return _of_interval(value, start)


def read_new_schedule(value: Any, start: datetime | None) -> Any:
    """Read `schedule`: as Airflow 3 does, unless the file is older and the setting says otherwise."""
    if not _is_ambiguous(value) or _is_of_airflow_3():
        return _of_trigger(value, start)
    meaning = os.environ.get(MEANING)
    if meaning in _READ_AS:
        return _READ_AS[meaning](value, start)
    warn_of(
        "schedule",
        f"{value!r} may be read as Airflow 3 does, a run at each instant, which is its logical date (ds), or as "
        "Airflow 2 did, at the end of the interval that began there, so that ds is one interval earlier. It is the "
        "former until the DAG's page is told otherwise; write schedule=CronTriggerTimetable(...) or "
        "CronDataIntervalTimetable(...), or set airflow_schedule for all such files",
    )
    return Unsure(_of_trigger(value, start))


def _is_ambiguous(value: Any) -> bool:
    return isinstance(value, str | timedelta) and value not in _AS_THEY_ARE


def _is_of_airflow_3() -> bool:
    return any(_SDK.match(line) for line in linecache.getlines(author_file()))


def _of_interval(value: Any, start: datetime | None) -> Any:
    match value:
        case str() if value not in _AS_THEY_ARE:
            return CronDataIntervalTimetable(value)
        case timedelta():
            return DeltaDataIntervalTimetable(value)
        case _ if _is_relative(value):
            return _of_interval(_absolute(value, start), start)
        case _:
            return value


def _of_trigger(value: Any, start: datetime | None) -> Any:
    match value:
        case str() if value not in _AS_THEY_ARE:
            return CronTriggerTimetable(value)
        case timedelta():
            return DeltaTriggerTimetable(value)
        case _ if _is_relative(value):
            return _of_trigger(_absolute(value, start), start)
        case _:
            return value


_READ_AS: Final = {"interval": _of_interval, "trigger": _of_trigger}


def _is_relative(value: Any) -> bool:
    return type(value).__name__ == "relativedelta"


def _absolute(value: Any, start: datetime | None) -> str | timedelta:
    """Return a relativedelta as a timedelta, or as a cron expression that begins where the DAG does."""
    months = value.months + 12 * value.years
    rest = timedelta(days=value.days, hours=value.hours, minutes=value.minutes, seconds=value.seconds)
    if not months:
        return rest
    if rest or start is None or start.day > 28 or (12 % months and months % 12) or months > 12:
        raise BadSchedule(
            f"{author_line()}: schedule={value!r} has no regular cron expression; give one yourself, such as "
            "'0 0 1 * *' for each month, or a timedelta."
        )
    return f"{start.minute} {start.hour} {start.day} {_months(start.month, months)} *"


def _months(first: int, step: int) -> str:
    found: Collection[int] = {(first - 1 + each) % 12 + 1 for each in range(0, 12, step)}
    return "*" if step == 1 else ",".join(map(str, sorted(found)))
