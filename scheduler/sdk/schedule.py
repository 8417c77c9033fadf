"""What `schedule=` takes, and how it becomes a wire.ScheduleSpec."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from importlib import import_module
from typing import Final, Literal, Protocol

from scheduler.errors import BadSchedule
from scheduler.sdk.location import author_line
from scheduler.wire import ScheduleSpec

Zone = str | tzinfo
#: Whether a DAG that is new and has no start_date also has a run at the newest instant before: always, never, where
#: that is no longer ago than so, or (None) where it is hardly past.
Late = bool | timedelta | None

_LONGEST_S: Final = 100 * 365.25 * 24 * 3600


class Rhythm(Protocol):
    """When runs are created. `timezone` None: the DAG's own."""

    @property
    def timezone(self) -> Zone | None:
        """The time zone in which a cron expression is read."""

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""


@dataclass(frozen=True)
class NullTimetable:
    """By hand only."""

    timezone: Zone | None = None

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        return ScheduleSpec()


@dataclass(frozen=True)
class OnceTimetable:
    """One run, at the DAG's start_date, or at once."""

    timezone: Zone | None = None

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        return ScheduleSpec(kind="once")


@dataclass(frozen=True)
class ContinuousTimetable:
    """The next run begins as soon as the last one ended."""

    timezone: Zone | None = None

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        return ScheduleSpec(kind="continuous")


@dataclass(frozen=True)
class CronTriggerTimetable:
    """A run at each instant of a cron expression; its logical date is that instant.

    With `interval` the run is about the time before, and its logical date is where that begins.
    """

    cron: str
    timezone: Zone | None = None
    interval: timedelta = field(default=timedelta(0), kw_only=True)
    run_immediately: Late = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        check_cron(self.cron)

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        length, late = interval_of(self.interval), late_of(self.run_immediately)
        return ScheduleSpec(kind="cron", cron=_LONG.get(self.cron, self.cron), interval_s=length, late=late)


@dataclass(frozen=True)
class CronDataIntervalTimetable:
    """A run at the end of each interval between two instants; its logical date is the interval's start."""

    cron: str
    timezone: Zone | None = None

    def __post_init__(self) -> None:
        check_cron(self.cron)

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        return ScheduleSpec(kind="cron_interval", cron=_LONG.get(self.cron, self.cron))


@dataclass(frozen=True)
class DeltaTriggerTimetable:
    """A run each time `delta` has passed since start_date; its logical date is that instant, or `interval` before."""

    delta: timedelta
    timezone: Zone | None = None
    interval: timedelta = field(default=timedelta(0), kw_only=True)

    def __post_init__(self) -> None:
        check_delta(self.delta)

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        length = interval_of(self.interval)
        return ScheduleSpec(kind="delta", delta_s=self.delta.total_seconds(), interval_s=length)


@dataclass(frozen=True)
class DeltaDataIntervalTimetable:
    """A run at the end of each interval of length `delta`; its logical date is the interval's start."""

    delta: timedelta
    timezone: Zone | None = None

    def __post_init__(self) -> None:
        check_delta(self.delta)

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        return ScheduleSpec(kind="delta_interval", delta_s=self.delta.total_seconds())


def read_schedule(value: object) -> Rhythm:
    """Read None, a cron string, a word such as "@daily", a timedelta, or a timetable."""
    match value:
        case None:
            return NullTimetable()
        case "@once":
            return OnceTimetable()
        case "@continuous":
            return ContinuousTimetable()
        case str():
            return CronTriggerTimetable(value)
        case timedelta():
            return DeltaTriggerTimetable(value)
        case list() | tuple() | set():
            # By name: few DAGs wait for assets.
            every: Rhythm = import_module("scheduler.sdk.assets").every_one("schedule", value)
            return every
        case _ if hasattr(value, "to_spec"):
            return value  # type: ignore[return-value]  # it has what the Protocol asks for
        case _:
            raise BadSchedule(
                f"{author_line()}: schedule={value!r} cannot be read; give a cron string, '@daily' and the "
                "like, "
                "a timedelta, a timetable, assets, or None for runs by hand only."
            )


def interval_of(length: object) -> float | None:
    """Return the length of an interval in seconds, None for an empty one. Raises BadSchedule."""
    if type(length).__name__ == "relativedelta" and not (length.years or length.months):  # type: ignore[attr-defined]
        names = ("days", "hours", "minutes", "seconds", "microseconds")
        length = timedelta(**{name: getattr(length, name) for name in names})
    if not isinstance(length, timedelta) or length < timedelta(0):
        raise BadSchedule(
            f"{author_line()}: interval={length!r}: give a timedelta, such as timedelta(hours=1)."
        )
    return length.total_seconds() or None


def late_of(late: object) -> float | Literal["tenth"] | None:
    """Return how late a first run may come, in seconds. Raises BadSchedule."""
    match late:
        case False:
            return None
        case True:
            return _LONGEST_S
        case None:
            return "tenth"
        case timedelta() if late >= timedelta(0):
            return late.total_seconds()
        case _:
            raise BadSchedule(
                f"{author_line()}: run_immediately={late!r}: give True, False, None or a timedelta."
            )


def check_delta(delta: object) -> None:
    """Raise BadSchedule for what is no timedelta, or none that leads forward."""
    if not isinstance(delta, timedelta) or delta <= timedelta(0):
        raise BadSchedule(f"{author_line()}: schedule={delta!r}: give a timedelta longer than zero.")


#: Words that only Dirigent knows.
_LONG: Final = {"@quarterly": "0 0 1 */3 *"}
_PRESETS: Final = frozenset(
    {"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@quarterly", "@yearly", "@annually"}
)
_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
#: Name, lowest and highest number, and words of each field; the sixth, seconds, may be left out.
_FIELDS: Final[tuple[tuple[str, int, int, list[str]], ...]] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
    ("second", 0, 59, []),
)
_PART: Final = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?", re.ASCII)
#: By the highest number of the field: the last day of the month, the working day nearest to one, the last
#: Friday.
_SPECIAL: Final = {
    31: re.compile(r"\?|l|[1-9]w|[12]\dw|3[01]w", re.ASCII),
    7: re.compile(rf"\?|l[0-7]|(?:[0-7]|{'|'.join(_DAYS)})#[1-5]", re.ASCII),
}


def check_cron(cron: object) -> None:
    """Raise BadSchedule that names the field which cannot be read. When it fires is decided elsewhere."""
    if not isinstance(cron, str):
        raise BadSchedule(
            f"{author_line()}: {cron!r} is no cron expression; give a string such as '0 6 * * 1-5'."
        )
    if cron in _PRESETS:
        return
    parts = cron.split()
    if len(parts) not in (5, 6):
        raise BadSchedule(
            f"{author_line()}: cron {cron!r} has {len(parts)} fields; write five (minute, hour, day of "
            "month, month, "
            f"day of week), a sixth for seconds, or one of {', '.join(sorted(_PRESETS))}."
        )
    for text, (name, low, high, words) in zip(parts, _FIELDS, strict=False):
        if not _is_field(text.lower(), low, high, words):
            raise BadSchedule(f"{author_line()}: cron {cron!r}: {text!r} is no {name} ({low} to {high}).")


def _is_field(text: str, low: int, high: int, words: list[str]) -> bool:
    if high in _SPECIAL and _SPECIAL[high].fullmatch(text):
        return True
    return all(_is_part(part, low, high, words) for part in text.split(","))


def _is_part(part: str, low: int, high: int, words: list[str]) -> bool:
    found = _PART.fullmatch(part)
    if not found or found["step"] == "0":
        return False
    ends = [each for each in (found["first"], found["last"]) if each is not None]
    return all(_is_number(each, low, high, words) for each in ends)


def _is_number(text: str, low: int, high: int, words: list[str]) -> bool:
    return text in words or (text.isdigit() and low <= int(text) <= high)
