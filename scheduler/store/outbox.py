"""Messages to people, written with the state that causes them and sent afterwards, so that none is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import outbox
from scheduler.store.upsert import insert_into

O = outbox.c  # noqa: E741 - the letter of the table, as in the other modules
#: After so many failures a message is given up; its error stays.
MOST_TRIES: Final = 8
_FIRST_PAUSE: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Message:
    """One message that is to be sent; `tries` counts failures so far."""

    id: int
    payload: Mapping[str, Any]
    tries: int


def post(session: Session, now: datetime, dedupe_key: str, payload: Mapping[str, Any]) -> None:
    """Add a message in the transaction of what it tells; a second one of the same key is dropped."""
    statement = insert_into(session, outbox).values(
        dedupe_key=dedupe_key, payload=dict(payload), created_at=now, next_try_at=now
    )
    session.execute(statement.on_conflict_do_nothing())


def post_run_failed(
    session: Session, now: datetime, dag_id: str, run_id: str, reason: str, *, recipient: int = 0
) -> None:
    """Add the message that a run failed, one for each time that it fails and each recipient, who is told by number."""
    payload = {
        "recipient": recipient,
        "kind": "run_failed",
        "dag_id": dag_id,
        "dag_run_id": run_id,
        "reason": reason,
        "at": now.isoformat(),
    }
    post(session, now, f"run_failed:{dag_id}:{run_id}:{now.isoformat()}:{recipient}", payload)


def lock_due_messages(session: Session, now: datetime, limit: int) -> list[Message]:
    """Return messages whose time has come, oldest first, locked; those of another process are passed over."""
    query = (
        sa.select(O.id, O.payload, O.tries)
        .where(O.next_try_at <= now)
        .order_by(O.next_try_at, O.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Message(*row) for row in session.execute(query)]


def claim_messages(session: Session, now: datetime, limit: int, until: datetime) -> list[Message]:
    """Take due messages to send outside of a transaction; unless told, they are due again at `until`."""
    messages = lock_due_messages(session, now, limit)
    statement = sa.update(outbox).where(O.id.in_([each.id for each in messages]))
    session.execute(statement.values(next_try_at=until))
    return messages


def note_sent(session: Session, now: datetime, message_id: int) -> None:
    """Record that a message was sent."""
    session.execute(
        sa.update(outbox).where(O.id == message_id).values(sent_at=now, next_try_at=None, error="")
    )


def note_failed(session: Session, now: datetime, message: Message, error: str) -> None:
    """Record that sending failed: it is tried again after a pause that doubles, up to MOST_TRIES times."""
    tries = message.tries + 1
    next_try_at = now + _FIRST_PAUSE * 2 ** (tries - 1) if tries < MOST_TRIES else None
    session.execute(
        sa.update(outbox).where(O.id == message.id).values(tries=tries, next_try_at=next_try_at, error=error)
    )


def delete_old_messages(session: Session, before: datetime, limit: int) -> int:
    """Delete at most `limit` messages of before an instant that were sent or given up; return how many."""
    old = sa.select(O.id).where(O.created_at < before, O.next_try_at.is_(None)).order_by(O.id).limit(limit)
    return session.execute(sa.delete(outbox).where(O.id.in_(old))).rowcount
