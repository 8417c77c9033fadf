"""Connections that people ask workers to try out: asked for, taken by one worker, ended; and found by a token.

A trial that no worker takes, or whose worker dies, is over at `ends_at`, whoever looks first. What is tried out rests
encrypted until an answer is there; where none comes, until the next pruning.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import connection_trial
from scheduler.store.upsert import insert_into

C = connection_trial.c

#: How it ended may be asked for so long.
KEPT_FOR: Final = timedelta(hours=1)
_LIVE: Final = ("pending", "running")
#: Why one is over without an answer.
_UNANSWERED: Final = sa.case(
    (C.state == "pending", "No worker that tries connections out takes from queue " + C.queue + "."),
    else_="The worker that tried it out ended without an answer.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTrial:
    """A connection that is to be tried out, found again by the hash of a token."""

    hash: str
    account: str
    conn_id: str
    team_name: str | None
    queue: str
    is_kept: bool
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenTrial:
    """One that a worker has taken."""

    hash: str
    account: str
    conn_id: str
    team_name: str | None
    is_kept: bool
    sealed: bytes


@dataclass(frozen=True, slots=True)
class TrialRow:
    """How one stands."""

    conn_id: str
    state: str
    message: str
    created_at: datetime


def put_trial(session: Session, now: datetime, new: NewTrial, ends_at: datetime) -> bool:
    """Ask for a trial; false where one of that connection is not over yet."""
    session.execute(_over(now).where(C.conn_id == new.conn_id))
    values = {name: getattr(new, name) for name in NewTrial.__slots__}
    statement = insert_into(session, connection_trial).values(
        **values, state="pending", message="", created_at=now, ends_at=ends_at
    )
    return session.scalar(statement.on_conflict_do_nothing().returning(C.hash)) is not None


def _over(now: datetime) -> sa.Update:
    """Return the statement that ends what counts no longer, and says why."""
    ended = {"state": "failed", "sealed": None, "message": _UNANSWERED}
    return sa.update(connection_trial).where(_is_over(now)).values(ended)


def _is_over(now: datetime) -> sa.ColumnElement[bool]:
    """The condition that one counts no longer, though nobody has ended it."""
    return sa.and_(C.state.in_(_LIVE), C.ends_at <= now)


def count_live(session: Session, now: datetime, account: str) -> tuple[int, int]:
    """Count the trials that are not over: those of an account, and all."""
    own = sa.func.count().filter(C.account == account)
    query = sa.select(own, sa.func.count()).where(C.state.in_(_LIVE), C.ends_at > now)
    [counts] = session.execute(query)
    return counts[0], counts[1]


def has_pending(session: Session, now: datetime, queues: Collection[str]) -> bool:
    """Tell whether some trial waits for a worker of these queues."""
    return session.execute(_pending(now, queues).limit(1)).first() is not None


def _pending(now: datetime, queues: Collection[str]) -> sa.Select[tuple[str]]:
    return sa.select(C.hash).where(C.state == "pending", C.ends_at > now, C.queue.in_(sorted(queues)))


def claim_trials(
    session: Session, now: datetime, *, worker_id: str, queues: Collection[str], limit: int, ends_at: datetime
) -> list[TakenTrial]:
    """Take the oldest trials that wait in these queues, at most `limit`; those that another worker takes are left."""
    # Two statements: within an UPDATE the planner may ask a subquery with LIMIT and SKIP LOCKED more than once.
    oldest = _pending(now, queues).order_by(C.created_at, C.hash).limit(limit)
    hashes = session.scalars(oldest.with_for_update(skip_locked=True)).all()
    statement = (
        sa.update(connection_trial)
        .where(C.hash.in_(hashes), C.state == "pending")
        .values(state="running", worker_id=worker_id, ends_at=ends_at)
        .returning(*(C[name] for name in TakenTrial.__slots__))
    )
    return [TakenTrial(**row) for row in session.execute(statement).mappings()]


def end_trial(session: Session, hash_: str, worker_id: str, *, is_ok: bool, message: str) -> bool:
    """Write how a trial that this worker runs has ended; false where it counts no longer."""
    mine = sa.and_(C.hash == hash_, C.state == "running", C.worker_id == worker_id)
    statement = sa.update(connection_trial).where(mine)
    values = {"state": "success" if is_ok else "failed", "sealed": None, "message": message}
    return session.execute(statement.values(values)).rowcount > 0


def find_trial(session: Session, now: datetime, hash_: str, account: str) -> TrialRow | None:
    """Return how a trial stands that this account asked for."""
    state = sa.case((_is_over(now), "failed"), else_=C.state)
    message = sa.case((_is_over(now), _UNANSWERED), else_=C.message)
    query = sa.select(C.conn_id, state, message, C.created_at).where(C.hash == hash_, C.account == account)
    row = session.execute(query).first()
    return None if row is None else TrialRow(*row)


def delete_old_trials(session: Session, now: datetime, limit: int) -> int:
    """Delete up to `limit` trials that nobody asks for any more, and what was tried out of all that are over."""
    session.execute(_over(now))
    old = sa.select(C.hash).where(C.ends_at <= now - KEPT_FOR).limit(limit)
    return session.execute(sa.delete(connection_trial).where(C.hash.in_(old))).rowcount
