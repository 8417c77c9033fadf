"""What waits, runs and is taken now: the gauges of `/metrics` and the figures of `/scaling`.

A fixed number of statements, each over what is active (partial indexes) or what is few (pools, workers, DAGs): none
reads history.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.core.scaling import Occupied, Waiting, admissible
from scheduler.core.states import AttemptState, TaskState
from scheduler.store.engine import Session
from scheduler.store.instants import db_now
from scheduler.store.limits import queue_slots
from scheduler.store.lists import is_in
from scheduler.store.pools import list_pools
from scheduler.store.tables import (
    ACTIVE_RUNS,
    OCCUPYING_TASKS,
    UNFINISHED_TASKS,
    attempt,
    dag,
    dag_file,
    dag_run,
    leader,
    outbox,
    task_instance,
)
from scheduler.store.workers import WorkerRow, live_workers

T = task_instance.c
A = attempt.c
R = dag_run.c

_TASKS = sa.select(T.state, sa.func.count()).where(is_in(T.state, UNFINISHED_TASKS)).group_by(T.state)
_RUNS = sa.select(R.state, sa.func.count()).where(is_in(R.state, ACTIVE_RUNS)).group_by(R.state)
_WAITING = (
    sa.select(T.queue, T.pool, T.run_pk, R.max_active_tasks, sa.func.count(), sa.func.sum(T.pool_slots))
    .join(dag_run, R.id == T.run_pk)
    .where(is_in(T.state, [TaskState.SCHEDULED]))
    .group_by(T.queue, T.pool, T.run_pk, R.max_active_tasks)
)
_OCCUPIED = (
    sa.select(T.queue, T.pool, T.run_pk, sa.func.count(), sa.func.sum(T.pool_slots))
    .where(is_in(T.state, OCCUPYING_TASKS))
    .group_by(T.queue, T.pool, T.run_pk)
)
_QUEUED = (
    sa.select(A.queue, sa.func.count(), sa.func.min(A.queued_at))
    .where(is_in(A.state, [AttemptState.QUEUED]))
    .group_by(A.queue)
)
_RUNNING = sa.select(A.queue, sa.func.count()).where(is_in(A.state, [AttemptState.RUNNING])).group_by(A.queue)
_DAGS = (
    sa.select(dag.c.is_paused, sa.func.count()).where(dag.c.retired_at.is_(None)).group_by(dag.c.is_paused)
)
_REST = sa.select(
    sa.select(sa.func.count()).where(dag_file.c.error_type.is_not(None)).scalar_subquery(),
    sa.select(sa.func.count()).where(outbox.c.next_try_at.is_not(None)).scalar_subquery(),
    sa.exists(sa.select(sa.literal(1)).where(leader.c.name == "scheduler", leader.c.lease_until > db_now())),
    db_now(),
)


@dataclass(frozen=True, slots=True)
class QueueLoad:
    """One queue: attempts that wait and run, tasks that would wait there were there room, and slots."""

    queued: int = 0
    scheduled: int = 0
    admissible: int = 0
    running: int = 0
    slots: int = 0
    oldest_s: float = 0.0

    @property
    def waiting(self) -> int:
        """What free slots alone would let run."""
        return self.queued + self.admissible

    @property
    def desired_slots(self) -> int:
        """Slots with which nothing would wait."""
        return self.running + self.waiting


@dataclass(frozen=True, slots=True)
class PoolLoad:
    """One pool."""

    slots: int
    used: int


@dataclass(frozen=True, slots=True)
class Load:
    """All of it, at one moment."""

    tasks: Mapping[str, int]
    runs: Mapping[str, int]
    queues: Mapping[str, QueueLoad]
    pools: Mapping[str, PoolLoad]
    workers: tuple[WorkerRow, ...]
    active_dags: int
    paused_dags: int
    import_errors: int
    unsent_messages: int
    has_leader: bool


def read_load(session: Session) -> Load:
    """Read it: ten statements, whatever there is."""
    tasks, runs, dags = (_counts(session, query) for query in (_TASKS, _RUNS, _DAGS))
    waiting = [Waiting(*row) for row in _rows(session, _WAITING)]
    occupied = [Occupied(*row) for row in _rows(session, _OCCUPIED)]
    pools = {each.name: each.slots for each in list_pools(session)}
    workers = tuple(live_workers(session))
    import_errors, unsent, has_leader, now = session.execute(_REST).one()
    queues = _Queues(queue_slots(workers), waiting, admissible(waiting, occupied, pools), now)
    return Load(
        tasks=tasks,
        runs=runs,
        queues=queues.read(session),
        pools=_pools(pools, occupied),
        workers=workers,
        active_dags=dags.get(False, 0),
        paused_dags=dags.get(True, 0),
        import_errors=import_errors,
        unsent_messages=unsent,
        has_leader=bool(has_leader),
    )


def _rows(session: Session, query: sa.Select[Any]) -> Iterable[Any]:
    return session.execute(query)


def _counts(session: Session, query: sa.Select[Any]) -> dict[Any, int]:
    return {row[0]: row[1] for row in session.execute(query)}


def _pools(sizes: Mapping[str, int], occupied: Iterable[Occupied]) -> dict[str, PoolLoad]:
    used: Counter[str] = Counter()
    for each in occupied:
        used[each.pool] += each.pool_slots
    return {name: PoolLoad(size, used[name]) for name, size in sizes.items()}


@dataclass(frozen=True, slots=True)
class _Queues:
    slots: Mapping[str, int]
    waiting: list[Waiting]
    admissible: Mapping[str, int]
    now: datetime

    def read(self, session: Session) -> dict[str, QueueLoad]:
        queued = {row[0]: row for row in _rows(session, _QUEUED)}
        running = _counts(session, _RUNNING)
        scheduled: Counter[str] = Counter()
        for each in self.waiting:
            scheduled[each.queue] += each.count
        names = sorted({*self.slots, *queued, *running, *scheduled})
        return {
            name: QueueLoad(
                queued=queued[name][1] if name in queued else 0,
                scheduled=scheduled[name],
                admissible=self.admissible.get(name, 0),
                running=running.get(name, 0),
                slots=self.slots.get(name, 0),
                oldest_s=self._age(queued[name][2]) if name in queued else 0.0,
            )
            for name in names
        }

    def _age(self, since: datetime) -> float:
        return max(0.0, (self.now - since).total_seconds())
