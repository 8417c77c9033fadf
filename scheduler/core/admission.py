"""Which scheduled tasks may be queued now: pools, `max_active_tasks`, limits of a task, room in the queues.

Priority first, then age. The order is strict within every limit: where the first in line does not fit into a
pool, the ones behind it do not overtake it, so that a task of many slots is not starved by a stream of small
ones.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from scheduler.core.ids import TaskKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A task instance in `scheduled`, with what limits it."""

    ti_id: int
    run_pk: int
    dag_id: str
    task_id: str
    path: str = ""
    queue: str
    pool: str
    pool_slots: int = 1
    priority: int = 1
    scheduled_at: datetime
    max_active_tis_per_dag: int | None = None
    max_active_tis_per_dagrun: int | None = None

    @property
    def key(self) -> TaskKey:
        """Its key within its run."""
        return TaskKey(self.task_id, self.path)


class Room(NamedTuple):
    """A limit and how much of it is taken."""

    limit: int
    taken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits as they stand, counted over tasks in `queued` and `running`.

    A pool that is not listed does not exist; a queue that is not listed has no live worker; a run that is not
    listed has no limit. A queue's limit is what its live workers have free plus a small buffer, its taken
    what is `queued` there.
    """

    pools: Mapping[str, Room]
    queues: Mapping[str, Room]
    runs: Mapping[int, Room] = field(default_factory=dict)
    #: Active instances by (dag_id, task_id) over all runs, and by (run_pk, task_id) in one; absent = 0.
    active_in_dag: Mapping[tuple[str, str], int] = field(default_factory=dict)
    active_in_run: Mapping[tuple[int, str], int] = field(default_factory=dict)


class Refused(NamedTuple):
    """A candidate that stays `scheduled`, and why."""

    candidate: Candidate
    reason: str


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may be queued, in order, and who not.

    The `full_*` sets name the limits that let nobody else through: leave their candidates out of the next
    read.
    """

    admitted: tuple[Candidate, ...]
    held: tuple[Refused, ...]
    full_pools: frozenset[str]
    full_queues: frozenset[str]
    full_runs: frozenset[int]
    #: `dag_id/task_id` where a task has its max_active_tis_per_dag, `run_pk//task_id` where it has that of a run.
    full_tasks: frozenset[str]


_K = TypeVar("_K", bound=Hashable)


def admit(candidates: Iterable[Candidate], limits: Limits) -> Admission:
    """Choose whom to queue. What it admits counts against the limits of those that follow."""
    gate = _Gate(limits)
    admitted: list[Candidate] = []
    held: list[Refused] = []
    for candidate in sorted(candidates, key=_place):
        if reason := gate.refuse(candidate):
            held.append(Refused(candidate, reason))
        else:
            gate.take(candidate)
            admitted.append(candidate)
    return Admission(
        tuple(admitted),
        tuple(held),
        frozenset(gate.pools.full),
        frozenset(gate.queues.full),
        frozenset(gate.runs.full),
        frozenset(gate.full_tasks),
    )


def _place(candidate: Candidate) -> tuple[int, datetime, int]:
    return (-candidate.priority, candidate.scheduled_at, candidate.ti_id)


class _Rooms(Generic[_K]):
    """What is left of each limit of one kind."""

    def __init__(self, rooms: Mapping[_K, Room]) -> None:
        self.rooms = rooms
        self.left = {name: room.limit - room.taken for name, room in rooms.items()}
        self.full = {name for name, left in self.left.items() if left <= 0}

    def take(self, name: _K, places: int = 1) -> None:
        if name in self.left:
            self.left[name] -= places
            if self.left[name] <= 0:
                self.full.add(name)


class _Gate:
    """The limits, and what was admitted so far."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.pools = _Rooms(limits.pools)
        self.queues = _Rooms(limits.queues)
        self.runs = _Rooms(limits.runs)
        self.in_dag = dict(limits.active_in_dag)
        self.in_run = dict(limits.active_in_run)
        self.full_tasks: set[str] = set()

    def refuse(self, candidate: Candidate) -> str:
        """Return why this one may not go, or "".

        The pool is asked last: only there does a refusal bar those behind.
        """
        return (
            self._queue(candidate) or self._run(candidate) or self._task(candidate) or self._pool(candidate)
        )

    def take(self, candidate: Candidate) -> None:
        self.pools.take(candidate.pool, candidate.pool_slots)
        self.queues.take(candidate.queue)
        self.runs.take(candidate.run_pk)
        if candidate.max_active_tis_per_dag is not None:
            _add(self.in_dag, (candidate.dag_id, candidate.task_id))
        if candidate.max_active_tis_per_dagrun is not None:
            _add(self.in_run, (candidate.run_pk, candidate.task_id))

    def _queue(self, candidate: Candidate) -> str:
        queue = candidate.queue
        if queue not in self.queues.left:
            return f"no live worker listens to queue {queue!r}"
        return f"no worker of queue {queue!r} has a free slot" if queue in self.queues.full else ""

    def _run(self, candidate: Candidate) -> str:
        if candidate.run_pk not in self.runs.full:
            return ""
        return (
            f"its run has {self.limits.runs[candidate.run_pk].limit} tasks in progress, its max_active_tasks"
        )

    def _task(self, candidate: Candidate) -> str:
        per_dag, per_run = candidate.max_active_tis_per_dag, candidate.max_active_tis_per_dagrun
        if per_dag is not None and self.in_dag.get((candidate.dag_id, candidate.task_id), 0) >= per_dag:
            self.full_tasks.add(f"{candidate.dag_id}/{candidate.task_id}")
            return f"{per_dag} of this task in progress over all runs, its max_active_tis_per_dag"
        if per_run is not None and self.in_run.get((candidate.run_pk, candidate.task_id), 0) >= per_run:
            self.full_tasks.add(f"{candidate.run_pk}//{candidate.task_id}")
            return f"{per_run} of this task in progress in this run, its max_active_tis_per_dagrun"
        return ""

    def _pool(self, candidate: Candidate) -> str:
        pool, slots = candidate.pool, candidate.pool_slots
        left = self.pools.left.get(pool)
        if left is None:
            return f"there is no pool {pool!r}: make it by `dirigent pools set`, or name another in the task"
        limit = self.limits.pools[pool].limit
        if pool not in self.pools.full and slots <= left:
            return ""
        if slots > limit:
            return f"it asks for {slots} slots of pool {pool!r}, which has only {limit}"
        self.pools.full.add(pool)
        return f"pool {pool!r} is full: {max(left, 0)} of {limit} slots free, {slots} needed"


def _add(counts: dict[_K, int], key: _K) -> None:
    counts[key] = counts.get(key, 0) + 1
