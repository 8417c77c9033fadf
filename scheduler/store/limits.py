"""What stands of each limit that scheduled tasks meet: for admitting them, and for saying why one waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from scheduler.core.admission import Candidate, Limits, Room
from scheduler.core.states import TaskState
from scheduler.store.engine import Session
from scheduler.store.scheduled import Occupancy, ScheduledTask
from scheduler.store.tables import dag_run, pool, task_instance
from scheduler.store.workers import WorkerRow
from scheduler.wire import TaskSpec

T = task_instance.c
R = dag_run.c


def load_scheduled(session: Session, ti_id: int) -> ScheduledTask | None:
    """Return what limits a task that waits to be admitted; None where it no longer does."""
    query = (
        sa.select(
            *(T.id, T.run_pk, R.dag_id, R.version_id, T.task_id, T.path, T.queue, T.pool, T.pool_slots),
            *(T.priority, T.scheduled_at, R.max_active_tasks, pool.c.slots),
        )
        .join(dag_run, R.id == T.run_pk)
        .outerjoin(pool, pool.c.name == T.pool)
        .where(T.id == ti_id, T.state == TaskState.SCHEDULED)
    )
    rows: Iterable[Any] = session.execute(query)
    return next((ScheduledTask(*row) for row in rows), None)


def candidate_of(task: ScheduledTask, spec: TaskSpec | None) -> Candidate:
    """Return what asks to be admitted; `spec` is None for a task that is not part of its run's code."""
    return Candidate(
        ti_id=task.id,
        run_pk=task.run_pk,
        dag_id=task.dag_id,
        task_id=task.task_id,
        path=task.path,
        queue=task.queue,
        pool=task.pool,
        pool_slots=task.pool_slots,
        priority=task.priority,
        scheduled_at=task.scheduled_at,
        max_active_tis_per_dag=spec.max_active_tis_per_dag if spec else None,
        max_active_tis_per_dagrun=spec.max_active_tis_per_dagrun if spec else None,
    )


def queue_slots(workers: Iterable[WorkerRow]) -> Counter[str]:
    """Return the slots of live workers by queue; a queue that none listens to is left out."""
    slots: Counter[str] = Counter()
    for worker in workers:
        for queue in worker.queues:
            slots[queue] += worker.slots
    return slots


def limits_of(
    found: Collection[ScheduledTask],
    taken: Sequence[Occupancy],
    slots: Mapping[str, int],
) -> Limits:
    """Count what is taken of every limit that the candidates meet, and of all others that somebody takes of.

    A queue may hold twice the slots of its live workers, queued and running: one slot's worth runs, one is at hand for
    the moment it ends; the rest stays scheduled, so that priority is decided late.
    """
    active: Counter[str] = Counter()
    pools: Counter[str] = Counter()
    runs: Counter[int] = Counter()
    in_dag: Counter[tuple[str, str]] = Counter()
    in_run: Counter[tuple[int, str]] = Counter()
    for each in taken:
        active[each.queue] += each.count
        pools[each.pool] += each.pool_slots
        runs[each.run_pk] += each.count
        in_dag[each.dag_id, each.task_id] += each.count
        in_run[each.run_pk, each.task_id] += each.count
    seen: list[Occupancy | ScheduledTask] = [*taken, *found]
    sizes = {each.pool: each.pool_size for each in seen if each.pool_size is not None}
    most = {each.run_pk: each.run_max_active_tasks for each in seen}
    return Limits(
        pools={name: Room(size, pools[name]) for name, size in sizes.items()},
        queues={queue: Room(2 * count, active[queue]) for queue, count in slots.items()},
        runs={run_pk: Room(limit, runs[run_pk]) for run_pk, limit in most.items()},
        active_in_dag=in_dag,
        active_in_run=in_run,
    )
