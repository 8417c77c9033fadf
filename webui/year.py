"""A year of runs as a calendar: a column a week, a square a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from webui import words

_DAY: Final = timedelta(days=1)
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
    def weeks(self) -> int:
        """How many columns there are."""
        return self.days[-1].week + 1


def span_of(number: int) -> tuple[datetime, datetime]:
    """Return when a year begins and when it has ended, UTC."""
    return datetime(number, 1, 1, tzinfo=UTC), datetime(number + 1, 1, 1, tzinfo=UTC)


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
