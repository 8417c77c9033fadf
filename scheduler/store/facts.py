"""Small facts that answer why a task waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scheduler.core.states import RunState, TaskState
from scheduler.store.engine import Session
from scheduler.store.instants import db_now
from scheduler.store.tables import dag_run, leader, task_instance

T = task_instance.c
R = dag_run.c


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a task waits for once its dependencies are met."""

    queue: str
    pool: str
    pool_slots: int
    priority: int
    scheduled_at: datetime | None
    max_active_tasks: int


def load_waiting(session: Session, ti_id: int) -> Waiting:
    """Return what limits a task."""
    query = (
        sa.select(T.queue, T.pool, T.pool_slots, T.priority, T.scheduled_at, R.max_active_tasks)
        .join(dag_run, R.id == T.run_pk)
        .where(T.id == ti_id)
    )
    return Waiting(*session.execute(query).one())


def count_before(session: Session, ti_id: int, waiting: Waiting) -> int:
    """Return how many scheduled tasks of the same queue and pool go before this one."""
    is_older = sa.and_(T.priority == waiting.priority, T.scheduled_at < waiting.scheduled_at)
    query = sa.select(sa.func.count()).where(
        T.state == TaskState.SCHEDULED,
        T.queue == waiting.queue,
        T.pool == waiting.pool,
        T.id != ti_id,
        sa.or_(T.priority > waiting.priority, is_older),
    )
    return int(session.scalar(query) or 0)


def reason_of(session: Session, ti_id: int) -> str:
    """Return what is kept of why a task is in its state."""
    return str(session.scalars(sa.select(T.reason).where(T.id == ti_id)).one())


def retry_at(session: Session, ti_id: int) -> datetime | None:
    """Return the instant that a task waits for."""
    at: datetime | None = session.scalars(sa.select(T.retry_at).where(T.id == ti_id)).one()
    return at


def has_leader(session: Session) -> bool:
    """Tell whether a scheduler leads, by the database's clock."""
    query = sa.select(leader.c.name).where(leader.c.name == "scheduler", leader.c.lease_until > db_now())
    return session.scalar(query) is not None


def count_running_runs(session: Session, dag_id: str) -> int:
    """Return how many runs of a DAG are running."""
    query = sa.select(sa.func.count()).where(R.dag_id == dag_id, R.state == RunState.RUNNING)
    return int(session.scalar(query) or 0)
