"""The Gantt chart of a run: a row a task, its attempts as shares of the run's time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from scheduler.store.views.timelines import Bar

#: What the drawing is wide, in its own units.
WIDTH: Final = 1000
_TICKS: Final = 4
#: While a run goes on its bars grow this often.
STEP: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: `room` (waits for limits), `pick-up` (waits in the queue) or `ran`."""

    what: str
    state: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A task with its attempts."""

    task_id: str
    bars: tuple[Bar, ...]
    parts: tuple[Part, ...]
    is_critical: bool

    @property
    def room_s(self) -> float:
        """How long its attempts waited for room."""
        return sum(bar.room_s for bar in self.bars)

    @property
    def pick_up_s(self) -> float:
        """How long its attempts were in the queue."""
        return sum(bar.pick_up_s for bar in self.bars)

    @property
    def ran_s(self) -> float:
        """How long its attempts ran."""
        return sum(bar.ran_s for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The chart: from when to when, and its rows by the time at which they began."""

    start: datetime
    end: datetime
    rows: tuple[TimelineRow, ...]

    @property
    def ticks(self) -> tuple[float, ...]:
        """Seconds since the start that are written below it."""
        seconds = (self.end - self.start).total_seconds()
        return tuple(seconds * place / _TICKS for place in range(_TICKS + 1))


def present(now: datetime) -> datetime:
    """Return the instant up to which bars that have not ended are drawn."""
    return datetime.fromtimestamp(now.timestamp() // STEP.total_seconds() * STEP.total_seconds(), now.tzinfo)


def ends_of(bars: Iterable[Bar], until: datetime) -> dict[str, datetime]:
    """Return when each task ended; one that runs has not ended before `until`."""
    ends: dict[str, datetime] = {}
    for bar in bars:
        end = bar.end_date or max(until, bar.start_date or bar.queued_at)
        ends[bar.task_id] = max(end, ends.get(bar.task_id, end))
    return ends


def draw(bars: Sequence[Bar], critical: Sequence[str], start: datetime, until: datetime) -> Timeline:
    """Draw the attempts of a run that began at `start`."""
    start = min([start, *(bar.scheduled_at or bar.queued_at for bar in bars)])
    end = max([start + timedelta(milliseconds=1), *ends_of(bars, until).values()])
    by_task: dict[str, list[Bar]] = {}
    for bar in bars:
        by_task.setdefault(bar.task_id, []).append(bar)
    rows = (
        TimelineRow(
            task_id,
            tuple(each),
            tuple(part for bar in each for part in _parts(bar, start, end)),
            task_id in critical,
        )
        for task_id, each in by_task.items()
    )
    return Timeline(start, end, tuple(sorted(rows, key=lambda row: _began(row.bars[0]))))


def _began(bar: Bar) -> datetime:
    return bar.scheduled_at or bar.queued_at


def _parts(bar: Bar, start: datetime, end: datetime) -> Iterable[Part]:
    scale = WIDTH / (end - start).total_seconds()
    stops = [bar.scheduled_at or bar.queued_at, bar.queued_at, bar.start_date or bar.end_date or end]
    places = [(stop - start).total_seconds() * scale for stop in [*stops, bar.end_date or end]]
    names = ("room", "pick-up", "ran" if bar.start_date else "")
    for what, left, right in zip(names, places, places[1:], strict=False):
        if what and (right > left or what == "ran"):
            yield Part(what, bar.state, round(left, 2), round(max(right - left, 1.5), 2))
