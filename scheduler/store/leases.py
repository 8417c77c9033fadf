"""Leases: who lives is judged by the database's clock, never by who holds the lease."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from scheduler.core.states import AttemptState
from scheduler.failpoints import Edge
from scheduler.store.attempts import ROW, AttemptRow, rows_of
from scheduler.store.engine import Session
from scheduler.store.instants import db_now, db_now_plus
from scheduler.store.lists import is_in
from scheduler.store.tables import attempt, dag_run
from scheduler.store.transaction import at_edge

A = attempt.c


@dataclass(frozen=True, slots=True)
class Renewal:
    """What the database answers to a renewal. An attempt that is not in `kept` is lost to this worker."""

    kept: frozenset[int]
    cancelled: Mapping[int, str]


def renew_leases(session: Session, *, worker_id: str, ids: Collection[int], lease_s: float) -> Renewal:
    """Prolong all leases of a worker in one statement; the answer carries what is to be stopped."""
    if not ids:
        return Renewal(frozenset(), {})
    held = (
        sa.select(A.id)
        .where(A.id.in_(sorted(ids)), A.worker_id == worker_id, A.state == AttemptState.RUNNING)
        .order_by(A.id)
        .with_for_update()
        .cte("held")
    )
    statement = (
        sa.update(attempt)
        .where(A.id.in_(sa.select(held.c.id)), A.lease_until > db_now())
        .values(lease_until=db_now_plus(lease_s))
        .returning(A.id, A.cancel_reason)
    )
    rows = session.execute(statement).all()
    at_edge(session, Edge.RENEWED)
    return Renewal(
        kept=frozenset(attempt_id for attempt_id, _ in rows),
        cancelled={attempt_id: reason for attempt_id, reason in rows if reason is not None},
    )


def cancellations(session: Session, *, worker_id: str) -> dict[int, str]:
    """Return the attempts of a worker that somebody asked to stop, with the reason."""
    query = sa.select(A.id, A.cancel_reason).where(
        A.worker_id == worker_id, A.state == AttemptState.RUNNING, A.cancel_reason.is_not(None)
    )
    return {row.id: row.cancel_reason for row in session.execute(query)}


def expired_attempts(session: Session, limit: int) -> list[AttemptRow]:
    """Return running attempts whose lease has run out by the database's clock, but for runs that were set aside."""
    query = sa.select(*ROW).join(dag_run, dag_run.c.id == A.run_pk).where(~dag_run.c.is_aside)
    query = query.where(is_in(A.state, [AttemptState.RUNNING]), A.lease_until < db_now())
    return rows_of(session.execute(query.order_by(A.lease_until, A.id).limit(limit)))


def expire_worker(session: Session, worker_id: str) -> int:
    """Let all leases of a worker run out now: it is known to be dead. Return how many there were."""
    statement = (
        sa.update(attempt)
        .where(A.worker_id == worker_id, A.state == AttemptState.RUNNING)
        .values(lease_until=db_now_plus(-1.0))
    )
    return session.execute(statement).rowcount


def still_expired(session: Session, ids: Collection[int]) -> list[AttemptRow]:
    """Lock attempts and return those that are running with a lease that has run out. Call under their runs' locks."""
    query = (
        sa.select(*ROW)
        .where(A.id.in_(sorted(ids)), A.state == AttemptState.RUNNING, A.lease_until < db_now())
        .order_by(A.id)
        .with_for_update()
    )
    return rows_of(session.execute(query))
