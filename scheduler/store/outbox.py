"""Messages to people, written with the state that causes them and sent afterwards, so that none is lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import outbox
from scheduler.store.upsert import insert_into

O = outbox.c  # noqa: E741 - the letter of the table, as in the other modules
#: So long after it was written a message that cannot be sent is given up; its error stays.
TRIED_FOR: Final = timedelta(days=3)
NO_CHANNEL: Final = "there is no channel of this name"
_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Message:
    """One message that is to be sent; `tries` counts failures so far."""

    id: int
    channel: str
    payload: Mapping[str, Any]
    tries: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """How sending to one channel goes: what waits, what was sent last, why the oldest that waits could not be."""

    channel: str
    waiting: int
    last_sent_at: datetime | None
    error: str


_MESSAGE: Final = (O.id, O.channel, O.payload, O.tries, O.created_at)


def post(
    session: Session,
    now: datetime,
    dedupe_key: str,
    channel: str,
    payload: Mapping[str, Any],
    *,
    at: datetime | None = None,
) -> None:
    """Add a message in the transaction of what it tells, to go out `at` an instant; a second of its key is dropped."""
    statement = insert_into(session, outbox).values(
        dedupe_key=dedupe_key, channel=channel, payload=dict(payload), created_at=now, next_try_at=at or now
    )
    session.execute(statement.on_conflict_do_nothing())


def lock_due_messages(
    session: Session, now: datetime, limit: int, channels: Collection[str]
) -> list[Message]:
    """Return messages to these channels whose time has come, oldest first, locked.

    Those of another process are passed over.
    """
    query = (
        sa.select(*_MESSAGE)
        .where(O.next_try_at <= now, O.channel.in_(sorted(channels)))
        .order_by(O.next_try_at, O.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Message(*row) for row in session.execute(query)]


def due_channels(session: Session, now: datetime, channels: Collection[str]) -> set[str]:
    """Return which of these channels have something to send."""
    query = sa.select(O.channel).where(O.next_try_at <= now, O.channel.in_(sorted(channels)))
    return set(session.scalars(query.distinct()))


def claim_messages(
    session: Session, now: datetime, limit: int, until: datetime, channels: Collection[str]
) -> list[Message]:
    """Take due messages to send outside of a transaction; unless told, they are due again at `until`."""
    messages = lock_due_messages(session, now, limit, channels)
    if messages:
        statement = sa.update(outbox).where(O.id.in_([each.id for each in messages]))
        session.execute(statement.values(next_try_at=until))
    return messages


def note_sent(session: Session, now: datetime, message_id: int) -> None:
    """Record that a message was sent."""
    session.execute(
        sa.update(outbox).where(O.id == message_id).values(sent_at=now, next_try_at=None, error="")
    )


def note_failed(session: Session, now: datetime, message: Message, error: str) -> None:
    """Record that sending failed: it is tried again after a pause that doubles up to a limit, for TRIED_FOR."""
    pause = min(_FIRST_PAUSE * 2 ** min(message.tries, 10), _LONGEST_PAUSE)
    next_try_at = now + pause if now + pause < message.created_at + TRIED_FOR else None
    values = {"tries": message.tries + 1, "next_try_at": next_try_at, "error": error}
    session.execute(sa.update(outbox).where(O.id == message.id, O.sent_at.is_(None)).values(values))


def list_channels(session: Session) -> list[ChannelRow]:
    """Return how sending goes, of each channel that has had a message.

    The error of a message that was given up counts until a later one was sent.
    """
    waits = O.next_try_at.is_not(None)
    is_given_up = sa.and_(O.next_try_at.is_(None), O.sent_at.is_(None))
    query = sa.select(
        O.channel,
        sa.func.count().filter(waits),
        sa.func.max(O.sent_at),
        sa.func.max(O.error).filter(waits),
        sa.func.max(O.created_at).filter(is_given_up),
        sa.func.max(O.error).filter(is_given_up),
    )
    rows = session.execute(query.group_by(O.channel).order_by(O.channel))
    return [
        ChannelRow(channel, waiting, sent_at, error or (old_error if _is_later(given_up_at, sent_at) else ""))
        for channel, waiting, sent_at, error, given_up_at, old_error in rows
    ]


def _is_later(given_up_at: datetime | None, sent_at: datetime | None) -> bool:
    return given_up_at is not None and (sent_at is None or given_up_at > sent_at)


def give_up_for_nobody(session: Session, now: datetime, channels: Collection[str]) -> int:
    """Give up messages of TRIED_FOR ago to channels that are not among these; return how many."""
    statement = sa.update(outbox).where(O.next_try_at < now - TRIED_FOR, O.channel.not_in(sorted(channels)))
    return session.execute(statement.values(next_try_at=None, error=NO_CHANNEL)).rowcount


def delete_old_messages(session: Session, before: datetime, limit: int) -> int:
    """Delete at most `limit` messages of before an instant that were sent or given up; return how many."""
    old = sa.select(O.id).where(O.created_at < before, O.next_try_at.is_(None)).order_by(O.id).limit(limit)
    return session.execute(sa.delete(outbox).where(O.id.in_(old))).rowcount
