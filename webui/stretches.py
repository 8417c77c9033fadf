"""What happened to a task, drawn: a lane an attempt, a stretch a state that it was in, all on one axis.

The axis is true to time wherever the task was under way. Where it rested between (it had ended, and was run again on
another day) the axis is broken: a fixed gap, which says how long it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from scheduler.core.states import FINISHED, TaskState
from scheduler.store.views.runs import Event

#: What the drawing is wide, in its own units.
WIDTH: Final = 1000
_GAP: Final = 30
_GAPS: Final = 300
_RESTS: Final = FINISHED | {TaskState.NONE}
_BEGINS: Final = frozenset({TaskState.SCHEDULED, TaskState.QUEUED})


@dataclass(frozen=True, slots=True)
class Stretch:
    """How long the task was in a state; a gap where it rested."""

    state: str
    at: datetime
    until: datetime
    is_open: bool = False  #: it still is
    x: float = 0
    width: float = 0

    @property
    def seconds(self) -> float:
        """How long it is, or has been."""
        return (self.until - self.at).total_seconds()

    @property
    def is_rest(self) -> bool:
        """Whether nothing was under way."""
        return self.state in _RESTS


@dataclass(frozen=True, slots=True)
class Lane:
    """An attempt, or what happened to the task without one: then it has no number."""

    number: int | None
    stretches: tuple[Stretch, ...]
    ends: tuple[Stretch, ...]  #: the states that it came to rest in: its own, then those that people set
    gap: Stretch | None  #: the rest after it, where another lane follows


@dataclass(frozen=True, slots=True)
class Drawing:
    """All lanes, and the instants at both ends of the axis."""

    start: datetime
    end: datetime
    lanes: tuple[Lane, ...]


def draw(events: Iterable[Event], until: datetime) -> Drawing | None:
    """Draw the events of a task, given oldest first; what goes on is drawn up to `until`. None: nothing to draw."""
    moments = [each for each in events if each.kind == "task.state" and each.to_state]
    placed = _placed(_stretches(moments, until))
    lanes = _numbered(_lanes(placed))
    if not lanes:
        return None
    under_way = [each.until for each in placed if not each.is_rest]
    return Drawing(placed[0].at, max([placed[-1].at, *under_way]), tuple(lanes))


def _stretches(moments: Sequence[Event], until: datetime) -> list[Stretch]:
    """Return what lies between each event and the next."""
    ends = [*(each.at for each in moments[1:]), None]
    return [
        Stretch(each.to_state or "", each.at, max(each.at, end or until), end is None)
        for each, end in zip(moments, ends, strict=False)
    ]


def _placed(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Give each its place on the axis; of several rests the last has all the room, and none where nothing follows."""
    follows = [*stretches[1:], None]
    gaps = [
        each.is_rest and after is not None and not after.is_rest
        for each, after in zip(stretches, follows, strict=False)
    ]
    gap = min(_GAP, _GAPS / max(1, sum(gaps)))
    seconds = sum(each.seconds for each in stretches if not each.is_rest)
    scale = (WIDTH - gap * sum(gaps)) / max(seconds, 0.001)
    placed, x = [], 0.0
    for each, is_gap in zip(stretches, gaps, strict=True):
        width = gap if is_gap else 0.0 if each.is_rest else each.seconds * scale
        placed.append(replace(each, x=round(x, 2), width=round(width, 2)))
        x += width
    return placed


def _lanes(stretches: Iterable[Stretch]) -> list[list[Stretch]]:
    """Part them where an attempt begins: after a rest, or where the task goes to the queue again."""
    lanes: list[list[Stretch]] = []
    for each in stretches:
        if not lanes or _begins(lanes[-1], each):
            lanes.append([])
        lanes[-1].append(each)
    return [lane for lane in lanes if any(each.state != TaskState.NONE for each in lane)]


def _begins(lane: Sequence[Stretch], here: Stretch) -> bool:
    if here.is_rest:
        return False
    has_run = any(each.state == TaskState.RUNNING for each in lane)
    return lane[-1].is_rest or (has_run and here.state in _BEGINS)


def _numbered(lanes: Iterable[Sequence[Stretch]]) -> list[Lane]:
    made: list[Lane] = []
    count = 0
    for lane in lanes:
        under_way = tuple(each for each in lane if not each.is_rest)
        count += bool(under_way)
        rests = [each for each in lane if each.is_rest]
        ends = tuple(each for each in rests if each.state != TaskState.NONE) or tuple(rests[:1])
        gap = replace(rests[-1], at=rests[0].at) if rests and not rests[-1].is_open else None
        made.append(Lane(count if under_way else None, under_way, ends, gap))
    return made
