"""Claims: how a worker takes attempts out of their queues, and gives them back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.core.states import AttemptState, TaskState
from scheduler.failpoints import Edge
from scheduler.store.engine import Session
from scheduler.store.instants import db_now_plus
from scheduler.store.lists import is_in, one_of
from scheduler.store.tables import attempt, dag_run, task_instance
from scheduler.store.tasks import move_tasks
from scheduler.store.transaction import at_edge

A = attempt.c


T = task_instance.c


R = dag_run.c


_INSTANT = attempt.c.queued_at.type


_LEASE_S = sa.bindparam("lease_s", type_=sa.Float())
_NOW = sa.bindparam("now", type_=_INSTANT)


@dataclass(frozen=True, slots=True)
class Claimed:
    """All that a worker needs to know to run an attempt that it has just claimed."""

    id: int
    run_pk: int
    ti_id: int | None
    kind: str
    try_number: int
    epoch: int
    queued_at: datetime
    payload: Mapping[str, Any] | None
    task_id: str
    path: str
    max_tries: int
    losses: int
    dag_id: str
    run_id: str
    run_type: str
    version_id: int
    snapshot_id: int
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    run_after: datetime
    run_start_date: datetime | None
    run_queued_at: datetime
    conf: Mapping[str, Any]
    params: Mapping[str, Any]
    triggered_by: str
    run_state: str
    queue: str
    scheduled_at: datetime | None  #: when the dependencies of its task were met
    waiting_since: datetime | None  #: when its task first looked, in this try, if it was put off since
    resume: Mapping[str, Any] | None = None  #: how the wait ended that it goes on after
    excused: int = 0  #: earlier attempts of its task that were no tries: lost, stopped, or put off
    partition_key: str | None = None
    partition_date: datetime | None = None


_IS_QUEUED = is_in(A.state, [AttemptState.QUEUED])
_BEST = (
    sa.select(A.id)
    .where(_IS_QUEUED, one_of(A.queue, "queues"))
    .order_by(A.priority.desc(), A.queued_at, A.id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
    .with_for_update(skip_locked=True)
    .cte("best")
)


_HAS_QUEUED = sa.select(sa.exists(sa.select(sa.literal(1)).where(_IS_QUEUED, one_of(A.queue, "queues"))))


#: The task that an attempt runs. A callback of a task leaves its state alone: it may be running again.
_TASK_OF = sa.case((A.kind == "task", A.ti_id))


_CLAIM = (
    sa.update(attempt)
    .where(A.id.in_(sa.select(_BEST.c.id)), _IS_QUEUED)
    .values(
        state=AttemptState.RUNNING,
        epoch=A.epoch + 1,
        worker_id=sa.bindparam("claimer"),
        hostname=sa.bindparam("host"),
        # Who was stopped since it looked at its clock claims what was queued meanwhile.
        claimed_at=sa.case((A.queued_at > _NOW, A.queued_at), else_=_NOW),
        lease_until=db_now_plus(_LEASE_S),
        queue_deadline=None,
    )
    .returning(A.id, _TASK_OF)
)


_CLAIMED = (
    sa.select(
        A.id, A.run_pk, A.ti_id, A.kind, A.try_number, A.epoch, A.queued_at, A.payload,
        sa.func.coalesce(T.task_id, ""), sa.func.coalesce(T.path, ""), sa.func.coalesce(T.max_tries, 1),
        sa.func.coalesce(T.losses, 0),
        R.dag_id, R.run_id, R.run_type, R.version_id, R.snapshot_id, R.logical_date,
        R.data_interval_start, R.data_interval_end, R.run_after, R.start_date, R.queued_at,
        R.conf, R.params, R.triggered_by, R.state, A.queue, T.scheduled_at, T.waiting_since, T.resume,
        sa.func.coalesce(T.excused, 0),
        R.partition_key, R.partition_date,
    )
    .join(dag_run, R.id == A.run_pk)
    .outerjoin(task_instance, T.id == A.ti_id)
    .where(one_of(A.id, "ids"))
    .order_by(A.priority.desc(), A.queued_at, A.id)
)  # fmt: skip


def has_queued(session: Session, queues: Collection[str]) -> bool:
    """Tell whether an attempt waits in one of these queues."""
    return bool(session.execute(_HAS_QUEUED, {"queues": sorted(queues)}).scalar())


def count_queued(session: Session, queues: Collection[str], limit: int) -> int:
    """Count the attempts that wait in these queues, up to a limit."""
    some = (
        sa.select(sa.literal(1)).where(A.state == AttemptState.QUEUED, one_of(A.queue, "queues")).limit(limit)
    )
    counted = sa.select(sa.func.count()).select_from(some.subquery())
    return session.execute(counted, {"queues": sorted(queues)}).scalar() or 0


def claim_attempts(
    session: Session,
    now: datetime,
    *,
    worker_id: str,
    hostname: str,
    queues: Collection[str],
    limit: int,
    lease_s: float,
) -> list[Claimed]:
    """Take the best queued attempts of these queues: priority, then age. At most `limit`.

    One guarded UPDATE that raises the epoch and starts the lease by the database's clock; rows that another worker is
    taking are passed over. The tasks move to running in the same transaction.
    """
    binds = {
        "queues": sorted(queues),
        "room": limit,
        "claimer": worker_id,
        "host": hostname,
        "now": now,
        "lease_s": lease_s,
    }
    taken = session.execute(_CLAIM, binds).all()
    if not taken:
        return []
    at_edge(session, Edge.CLAIMED)
    move_tasks(
        session,
        now,
        [ti_id for _, ti_id in taken if ti_id is not None],
        TaskState.RUNNING,
        leaving=[TaskState.QUEUED],
        values={"start_date": now, "hostname": hostname, "reason": ""},
        actor=f"worker:{hostname}",
    )
    return _claimed(session, [attempt_id for attempt_id, _ in taken])


def _claimed(session: Session, ids: Sequence[int]) -> list[Claimed]:
    rows: Iterable[Any] = session.execute(_CLAIMED, {"ids": ids})
    return [Claimed(*row) for row in rows]


def claims_of(session: Session, worker_id: str) -> set[int]:
    """Return the attempts that a worker holds."""
    query = sa.select(A.id).where(A.worker_id == worker_id, A.state == AttemptState.RUNNING)
    return set(session.execute(query).scalars())


def release_attempts(
    session: Session, now: datetime, ids: Collection[int], *, worker_id: str, reason: str = ""
) -> None:
    """Give claimed attempts back to their queue: this worker will not run them, for a reason that their tasks show.

    Cancelled ones end instead.
    """
    mine = sa.and_(A.id.in_(sorted(ids)), A.worker_id == worker_id, A.state == AttemptState.RUNNING)
    # First: what somebody cancels just now is not queued again, and is found by the statement that follows.
    statement = (
        sa.update(attempt)
        .where(mine, A.cancel_reason.is_(None))
        .values(state=AttemptState.QUEUED, worker_id=None, lease_until=None, queue_deadline=now)
        .returning(_TASK_OF)
    )
    tasks = [ti_id for ti_id in session.execute(statement).scalars() if ti_id is not None]
    cancelled = sa.update(attempt).where(mine, A.cancel_reason.is_not(None))
    session.execute(
        cancelled.values(state=AttemptState.CANCELLED, reason=A.cancel_reason, lease_until=None, end_date=now)
    )
    at_edge(session, Edge.RELEASED)
    move_tasks(
        session,
        now,
        tasks,
        TaskState.QUEUED,
        leaving=[TaskState.RUNNING],
        values={"reason": reason},
        actor=f"worker:{worker_id}",
        reasons=dict.fromkeys(tasks, reason),
    )
