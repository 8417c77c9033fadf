"""What waits in each queue and who works on it, at this moment; a fixed number of statements over what is active."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scheduler.core.states import AttemptState, TaskState
from scheduler.store.engine import Session
from scheduler.store.lists import is_in
from scheduler.store.tables import attempt, task_instance, worker

A = attempt.c
T = task_instance.c
W = worker.c

_QUEUED = sa.select(A.queue, sa.func.count(), sa.func.min(A.queued_at))
_QUEUED = _QUEUED.where(is_in(A.state, [AttemptState.QUEUED])).group_by(A.queue)
_RUNNING = sa.select(A.queue, sa.func.count()).where(is_in(A.state, [AttemptState.RUNNING])).group_by(A.queue)
_SCHEDULED = sa.select(T.queue, sa.func.count())
_SCHEDULED = _SCHEDULED.where(is_in(T.state, [TaskState.SCHEDULED])).group_by(T.queue)


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """A worker that is alive."""

    hostname: str
    queues: tuple[str, ...]
    slots: int
    busy: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class QueueLag:
    """One queue. `slots` are those of the workers that listen to it, to others perhaps too."""

    name: str
    queued: int  #: attempts that wait for a worker
    scheduled: int  #: tasks that wait for a place in it, in a pool or in their run
    running: int
    slots: int
    waits_since: datetime | None  #: the oldest attempt in it


def list_workers(session: Session, now: datetime) -> list[LiveWorker]:
    """Return the workers that are alive, by host."""
    alive = sa.and_(W.lease_until > now, W.stopped_at.is_(None))
    query = sa.select(W.hostname, W.queues, W.slots, W.busy, W.started_at).where(alive)
    rows = session.execute(query.order_by(W.hostname, W.id))
    return [LiveWorker(row[0], tuple(row[1]), *row[2:]) for row in rows]


def list_lags(session: Session, workers: list[LiveWorker]) -> list[QueueLag]:
    """Return the queues that have work or workers, by name; three statements."""
    queued = {row[0]: row for row in session.execute(_QUEUED)}
    running = {row[0]: row[1] for row in session.execute(_RUNNING)}
    scheduled = {row[0]: row[1] for row in session.execute(_SCHEDULED)}
    heard = {name for each in workers for name in each.queues}
    return [
        QueueLag(
            name,
            queued[name][1] if name in queued else 0,
            scheduled.get(name, 0),
            running.get(name, 0),
            sum(each.slots for each in workers if name in each.queues),
            queued[name][2] if name in queued else None,
        )
        for name in sorted({*queued, *running, *scheduled, *heard})
    ]
