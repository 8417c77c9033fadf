"""How many slots the waiting work asks for: what outside autoscalers are told, and what a worker gives itself.

A task that a pool or its run's max_active_tasks holds back asks for none: more slots would not let it run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

#: A worker that autoscales gives slots up when so many seconds passed in which it did not need them.
IDLE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Scheduled tasks of one run in one queue and pool."""

    queue: str
    pool: str
    run_pk: int
    run_limit: int
    count: int
    pool_slots: int


@dataclass(frozen=True, slots=True)
class Occupied:
    """Queued or running tasks of one run in one queue and pool."""

    queue: str
    pool: str
    run_pk: int
    count: int
    pool_slots: int


def admissible(
    waiting: Iterable[Waiting], occupied: Iterable[Occupied], pools: Mapping[str, int]
) -> Counter[str]:
    """Count by queue the scheduled tasks that free slots alone would let run; limits of single tasks are left out."""
    taken = list(occupied)
    open_slots = Counter(pools)
    in_run: Counter[int] = Counter()
    for each in taken:
        open_slots[each.pool] -= each.pool_slots
        in_run[each.run_pk] += each.count
    found: Counter[str] = Counter()
    for group in waiting:
        places = -(-group.pool_slots // group.count)
        fits = open_slots[group.pool] // places if places else group.count
        count = max(0, min(group.count, group.run_limit - in_run[group.run_pk], fits))
        open_slots[group.pool] -= count * places
        in_run[group.run_pk] += count
        found[group.queue] += count
    return found


@dataclass(frozen=True, slots=True)
class Span:
    """The least and the most slots of a worker that autoscales, and for how long it keeps what it does not need."""

    floor: int
    ceiling: int
    idle_s: float = IDLE_S

    @classmethod
    def of(cls, slots: int) -> Span:
        """Return the span of a worker whose slots stay as they are."""
        return cls(slots, slots)

    @property
    def is_wide(self) -> bool:
        """Whether there is anything to scale."""
        return self.floor < self.ceiling

    def __str__(self) -> str:
        return f"{self.floor} to {self.ceiling}" if self.is_wide else str(self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a worker knows when it looks at its slots.

    `waiting`: attempts queued for it; `idle_s`: for how long it has needed less than it has; `peak`: the most slots
    that were taken within that time; `free_bytes`: memory that the host can spare, None where nobody can tell;
    `slot_bytes`: what one more attempt is expected to take.
    """

    slots: int
    busy: int
    waiting: int
    idle_s: float
    peak: int
    free_bytes: int | None
    slot_bytes: int


def resized(span: Span, need: Need) -> int:
    """Return how many slots the worker should have: at once more for waiting work, after a while fewer.

    It grows no further than memory lasts, and shrinks to what it needed lately, never below what runs.
    """
    lacking = need.waiting - (need.slots - need.busy)
    if lacking > 0:
        return max(need.slots, min(span.ceiling, need.slots + min(lacking, _affordable(need))))
    if need.idle_s >= span.idle_s:
        return min(need.slots, max(span.floor, need.peak, need.busy))
    return need.slots


def _affordable(need: Need) -> int:
    """Return how many more slots memory allows, with the free ones counted as taken."""
    if need.free_bytes is None:
        return need.waiting
    free_slots = max(0, need.slots - need.busy)
    return max(0, need.free_bytes // max(1, need.slot_bytes) - free_slots)
