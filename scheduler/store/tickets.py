"""Work that waits in queues: attempts are queued with the plan that asks for them, and their tickets go out again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scheduler.core.states import AttemptState, TaskState
from scheduler.failpoints import Edge
from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import attempt, task_instance
from scheduler.store.tasks import move_tasks
from scheduler.store.transaction import at_edge

#: After so long in the queue, the ticket of an attempt goes out again.
TICKET_IN = timedelta(seconds=10)


A = attempt.c


T = task_instance.c


_INSTANT = attempt.c.queued_at.type


_QUEUED_COLUMNS = (
    "run_pk", "ti_id", "kind", "try_number", "state", "epoch", "queue", "priority", "scheduled_at", "queued_at",
    "queue_deadline", "hostname", "reason", "is_counted",
)  # fmt: skip


_INSERT_QUEUED = (
    sa.insert(attempt)
    .from_select(
        _QUEUED_COLUMNS,
        sa.select(
            T.run_pk,
            T.id,
            sa.literal("task"),
            T.try_number,
            sa.literal(AttemptState.QUEUED.value),
            sa.literal(0),
            T.queue,
            T.priority,
            T.scheduled_at,
            sa.bindparam("now", type_=_INSTANT),
            sa.bindparam("deadline", type_=_INSTANT),
            sa.literal(""),
            sa.literal(""),
            sa.false(),
        ).where(one_of(T.id, "ids")),
        include_defaults=False,
    )
    .returning(A.queue)
)


def queue_tasks(
    session: Session, now: datetime, ids: Collection[int], *, actor: str = "scheduler"
) -> set[str]:
    """Move scheduled tasks to queued, each with a new attempt; return the queues that have work now.

    One transaction with the plan: an attempt exists before its ticket goes out.
    """
    moved = move_tasks(
        session,
        now,
        ids,
        TaskState.QUEUED,
        leaving=[TaskState.SCHEDULED],
        values={"queued_at": now, "retry_at": None, "end_date": None},
        raised=["try_number"],
        actor=actor,
    )
    if not moved:
        return set()
    at_edge(session, Edge.QUEUED)
    binds = {"ids": sorted(row.id for row in moved), "now": now, "deadline": now + TICKET_IN}
    return set(session.execute(_INSERT_QUEUED, binds).scalars())


def queue_callback(
    session: Session,
    now: datetime,
    *,
    run_pk: int,
    kind: str,
    payload: Mapping[str, Any],
    ti_id: int | None = None,
    try_number: int = 1,
    queue: str = "default",
) -> str:
    """Queue an attempt that runs a callback: it has a lease, a log and an outcome like any other. Return its queue."""
    session.execute(
        sa.insert(attempt).values(
            run_pk=run_pk,
            ti_id=ti_id,
            kind=kind,
            try_number=try_number,
            state=AttemptState.QUEUED,
            queue=queue,
            payload=dict(payload),
            queued_at=now,
            queue_deadline=now + TICKET_IN,
        )
    )
    return queue


def overdue_queues(session: Session, now: datetime) -> set[str]:
    """Put off the deadline of attempts whose ticket seems lost; return the queues to ring again."""
    statement = (
        sa.update(attempt)
        .where(A.state == AttemptState.QUEUED, A.queue_deadline <= now)
        .values(queue_deadline=now + TICKET_IN)
        .returning(A.queue)
    )
    return set(session.execute(statement).scalars())


def waiting_queues(session: Session) -> set[str]:
    """Return the queues that hold queued attempts: after a restart their tickets go out again at once."""
    return set(session.execute(sa.select(A.queue).where(A.state == AttemptState.QUEUED).distinct()).scalars())
