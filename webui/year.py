"""A year of runs as a calendar: a column a week, a square a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from webui import words

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
#: Of a day the first of these that a run of it is in is its colour.
_LOUDEST: Final = ("failed", "running", "queued", "success")


@dataclass(frozen=True, slots=True)
class Day:
    """A square: its column and line, and the runs of that day by state."""

    at: date
    week: int
    weekday: int
    counts: tuple[tuple[str, int], ...]

    @property
    def state(self) -> str:
        """What it is coloured by; nothing where there was no run."""
        return next((state for state in _LOUDEST if dict(self.counts).get(state)), "")

    @property
    def total(self) -> int:
        """How many runs there were."""
        return sum(count for _, count in self.counts)


@dataclass(frozen=True, slots=True)
class Year:
    """All days of a year, and in which column each month begins."""

    number: int
    days: tuple[Day, ...]
    months: tuple[tuple[str, int], ...]

    @property
    def most(self) -> int:
        """The most runs of a day."""
        return max((day.total for day in self.days), default=0)

    @property
    def total(self) -> int:
        """The runs of all days."""
        return sum(day.total for day in self.days)

    @property
    def weeks(self) -> int:
        """How many columns there are."""
        return self.days[-1].week + 1


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return when a day begins by the clock of a zone; by that of UTC at the ends of the calendar.

    Where the clock is put forward at midnight, it begins at the instant of that.
    """
    start = datetime.combine(day, time(), zone)
    try:
        return start.astimezone(UTC)
    except OverflowError:
        return start.replace(tzinfo=UTC)


def day_after(day: date) -> date:
    """Return the next day; the last one of the calendar has none after it."""
    return day if day == date.max else day + _DAY


def stretches(number: int, zone: tzinfo) -> Iterator[tuple[datetime, timedelta]]:
    """Return until when the clock of a zone is how far from UTC, in order, to the end of a year."""
    at, end = midnight(date(number, 1, 1), zone), midnight(date(number + 1, 1, 1), zone)
    off = _off(at, zone)
    while at < end:
        following = min(at + _DAY, end)
        if _off(following, zone) != off:
            yield _change(at, following, zone), off
            off = _off(following, zone)
        at = following
    yield end, off


def _off(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Return the first second at which a clock is no longer as far from UTC as before."""
    off = _off(before, zone)
    while after - before > _SECOND:
        between = before + (after - before) // _SECOND // 2 * _SECOND
        before, after = (between, after) if _off(between, zone) == off else (before, between)
    return after


def draw(number: int, counts: Mapping[date, Mapping[str, int]]) -> Year:
    """Lay out a year; weeks begin on Monday."""
    first, last = date(number, 1, 1), date(number, 12, 31)
    monday = first - _DAY * first.weekday()
    dates = [first + _DAY * place for place in range((last - first).days + 1)]
    days = tuple(
        Day(at, (at - monday).days // 7, at.weekday(), tuple(sorted(counts.get(at, {}).items())))
        for at in dates
    )
    months = tuple((words.month(day.at), day.week) for day in days if day.at.day == 1)
    return Year(number, days, months)
