"""Workers that are alive: which queues they listen to and how many slots they have."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from scheduler.store.engine import Session
from scheduler.store.instants import db_now, db_now_plus
from scheduler.store.tables import worker
from scheduler.store.transaction import request_wake

W = worker.c


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """One worker process."""

    id: str
    hostname: str
    pid: int
    queues: tuple[str, ...]
    slots: int
    busy: int
    started_at: datetime
    has_waiter: bool = False  #: watches what deferred tasks of its queues wait for


_LIVE = (
    sa.select(W.id, W.hostname, W.pid, W.queues, W.slots, W.busy, W.started_at, W.has_waiter)
    .where(W.stopped_at.is_(None), W.lease_until > db_now())
    .order_by(W.id)
)


def register_worker(
    session: Session,
    now: datetime,
    *,
    worker_id: str,
    hostname: str,
    pid: int,
    queues: Collection[str],
    slots: int,
    version: str,
    lease_s: float,
    has_waiter: bool = False,
) -> None:
    """Make a worker known, or known again under its id."""
    insert = (sqlite if session.dialect.name == "sqlite" else postgresql).insert(worker)
    values = {
        "hostname": hostname,
        "pid": pid,
        "queues": sorted(queues),
        "slots": slots,
        "busy": 0,
        "version": version,
        "started_at": now,
        "lease_until": db_now_plus(lease_s),
        "stopped_at": None,
        "has_waiter": has_waiter,
    }
    statement = insert.values(id=worker_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[W.id], set_=values))


def renew_worker(session: Session, worker_id: str, *, busy: int, lease_s: float) -> bool:
    """Say that a worker lives; false where it is not known (any more)."""
    statement = sa.update(worker).where(W.id == worker_id)
    return session.execute(statement.values(busy=busy, lease_until=db_now_plus(lease_s))).rowcount > 0


def resize_worker(session: Session, worker_id: str, slots: int) -> None:
    """Say how many slots a worker has now; tasks that wait for one are looked at again."""
    session.execute(sa.update(worker).where(W.id == worker_id).values(slots=slots))
    request_wake(session)


def stop_worker(session: Session, now: datetime, worker_id: str) -> None:
    """Say that a worker has gone."""
    statement = sa.update(worker).where(W.id == worker_id)
    session.execute(statement.values(stopped_at=now, lease_until=db_now_plus(-1.0), busy=0))


def live_workers(session: Session) -> list[WorkerRow]:
    """Return the workers whose lease is good by the database's clock."""
    return [WorkerRow(row[0], row[1], row[2], tuple(row[3]), *row[4:]) for row in session.execute(_LIVE)]


def delete_gone_workers(session: Session, before: datetime, limit: int) -> int:
    """Delete at most `limit` rows of workers that stopped before an instant, or died; return how many."""
    is_gone = sa.or_(W.stopped_at < before, sa.and_(W.stopped_at.is_(None), W.lease_until < before))
    gone = sa.select(W.id).where(is_gone).order_by(W.id).limit(limit)
    return session.execute(sa.delete(worker).where(W.id.in_(gone))).rowcount
