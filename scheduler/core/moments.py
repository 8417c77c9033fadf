"""The instants that a schedule names, as a row in time: of one cron expression or several, of steps, of a list."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

from scheduler.clock import parse_instant
from scheduler.core.cron import read_cron
from scheduler.errors import BadSchedule
from scheduler.wire import ScheduleSpec

#: The smallest step in time.
MOMENT: Final = timedelta(microseconds=1)
#: The longest period, in seconds.
LONGEST_S: Final = 100 * 365.25 * 24 * 3600
_SHORTEST_S: Final = 0.001
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_EVENTS: Final = 10_000


class Instants(Protocol):
    """A row of instants in time, strictly rising."""

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first one strictly after `instant`."""

    def last_before(self, instant: datetime) -> datetime | None:
        """Return the last one strictly before `instant`."""


def has_instants(schedule: ScheduleSpec) -> bool:
    """Tell whether `instants_of` can read it."""
    return schedule.kind in _READ


def instants_of(schedule: ScheduleSpec, timezone: str, start: datetime | None) -> Instants:
    """Read the instants of a schedule; raises BadSchedule."""
    return _READ[schedule.kind](schedule, timezone, start)


@dataclass(frozen=True, slots=True)
class _Steps:
    """Instants at equal distances, counted in UTC from `anchor`, which is the first of them."""

    anchor: datetime
    step: timedelta

    @classmethod
    def read(cls, schedule: ScheduleSpec, start: datetime | None) -> _Steps:
        """Count from `start`, or from 1970-01-01 00:00 UTC, so that a day's steps begin at midnight."""
        seconds = schedule.delta_s or 0.0
        if not _SHORTEST_S <= seconds <= LONGEST_S:
            raise BadSchedule(
                f"A period of {schedule.delta_s!r} seconds is not possible: use 1 ms to 100 years."
            )
        return cls((start or _EPOCH).astimezone(UTC), timedelta(seconds=seconds))

    def next_after(self, instant: datetime) -> datetime:
        if instant < self.anchor:
            return self.anchor
        return self.anchor + ((instant - self.anchor) // self.step + 1) * self.step

    def last_before(self, instant: datetime) -> datetime | None:
        if instant <= self.anchor:
            return None
        return self.anchor + ((instant - self.anchor - MOMENT) // self.step) * self.step


@dataclass(frozen=True, slots=True)
class _Any:
    """The instants of several rows, each once."""

    rows: tuple[Instants, ...]

    def next_after(self, instant: datetime) -> datetime | None:
        return min(filter(None, (each.next_after(instant) for each in self.rows)), default=None)

    def last_before(self, instant: datetime) -> datetime | None:
        return max(filter(None, (each.last_before(instant) for each in self.rows)), default=None)


@dataclass(frozen=True, slots=True)
class _Listed:
    """Instants that are listed, rising."""

    instants: tuple[datetime, ...]

    def next_after(self, instant: datetime) -> datetime | None:
        place = bisect_right(self.instants, instant)
        return self.instants[place] if place < len(self.instants) else None

    def last_before(self, instant: datetime) -> datetime | None:
        place = bisect_left(self.instants, instant)
        return self.instants[place - 1] if place else None


def _read_cron(schedule: ScheduleSpec, timezone: str, start: datetime | None) -> Instants:
    return read_cron(schedule.cron or "", timezone)


def _read_crons(schedule: ScheduleSpec, timezone: str, start: datetime | None) -> Instants:
    if not schedule.crons:
        raise BadSchedule("A schedule of several crons names none: give at least one expression.")
    return _Any(tuple(read_cron(each, timezone) for each in schedule.crons))


def _read_steps(schedule: ScheduleSpec, timezone: str, start: datetime | None) -> Instants:
    return _Steps.read(schedule, start)


def _read_events(schedule: ScheduleSpec, timezone: str, start: datetime | None) -> Instants:
    return _Listed(_sorted_events(schedule.events or ()))


@lru_cache(maxsize=64)
def _sorted_events(events: tuple[str, ...]) -> tuple[datetime, ...]:
    if len(events) > _MOST_EVENTS:
        raise BadSchedule(f"A schedule lists {len(events):,} instants; at most {_MOST_EVENTS:,} are taken.")
    return tuple(sorted({parse_instant(each) for each in events}))


_READ: Final[Mapping[str, Callable[[ScheduleSpec, str, datetime | None], Instants]]] = {
    "cron": _read_cron,
    "cron_interval": _read_cron,
    "crons": _read_crons,
    "delta": _read_steps,
    "delta_interval": _read_steps,
    "events": _read_events,
}
