"""Small facts that answer why a task waits."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from scheduler.core.states import TaskState
from scheduler.store.engine import Session
from scheduler.store.instants import db_now
from scheduler.store.scheduled import IS_STOPPING, ScheduledTask
from scheduler.store.tables import dag_run, leader, task_instance

T = task_instance.c
R = dag_run.c


def queue_of(session: Session, ti_id: int) -> str:
    """Return the queue of a task."""
    return str(session.scalars(sa.select(T.queue).where(T.id == ti_id)).one())


def count_before(session: Session, waiting: ScheduledTask) -> int:
    """Return how many scheduled tasks of the same queue and pool go before this one."""
    is_older = sa.and_(T.priority == waiting.priority, T.scheduled_at < waiting.scheduled_at)
    query = sa.select(sa.func.count()).where(
        T.state == TaskState.SCHEDULED,
        T.queue == waiting.queue,
        T.pool == waiting.pool,
        T.id != waiting.id,
        sa.or_(T.priority > waiting.priority, is_older),
    )
    return int(session.scalar(query) or 0)


def is_stopping(session: Session, ti_id: int) -> bool:
    """Tell whether an earlier attempt of a task that waits still runs."""
    return bool(session.scalar(sa.select(IS_STOPPING).where(T.id == ti_id)))


def reason_of(session: Session, ti_id: int) -> str:
    """Return what is kept of why a task is in its state."""
    return str(session.scalars(sa.select(T.reason).where(T.id == ti_id)).one())


def retry_at(session: Session, ti_id: int) -> datetime | None:
    """Return the instant that a task waits for."""
    at: datetime | None = session.scalars(sa.select(T.retry_at).where(T.id == ti_id)).one()
    return at


def waiting_since(session: Session, ti_id: int) -> datetime | None:
    """Return the instant at which a task began to wait that was put off."""
    at: datetime | None = session.scalars(sa.select(T.waiting_since).where(T.id == ti_id)).one()
    return at


def has_leader(session: Session) -> bool:
    """Tell whether a scheduler leads, by the database's clock."""
    query = sa.select(leader.c.name).where(leader.c.name == "scheduler", leader.c.lease_until > db_now())
    return session.scalar(query) is not None
