"""How far the messages of firings came: posted with what they tell, sent afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s
from typing import Any

import sqlalchemy as sa

from scheduler.core.alerts import Step
from scheduler.store.alerts import Firing
from scheduler.store.engine import Session
from scheduler.store.tables import outbox

O = outbox.c  # noqa: E741 - the letter of the table, as in the other modules


@dataclass(frozen=True, slots=True)
class Telling:
    """The newest message of a firing, but for that it is over: when it was sent, and the channels that lack it."""

    sent_at: datetime | None
    waiting: tuple[str, ...] = ()
    given_up: tuple[str, ...] = ()


def message_id(step: Step, firing: Firing) -> str:
    """Return the id by which whoever receives a message twice knows it again."""
    times = "" if step is Step.RECOVERED else firing.times
    # Not its number alone: SQLite may give that again to a later firing, once this one is deleted.
    text = (
        f"{firing.id}\n{firing.rule.name}\n{firing.subject.key}\n{firing.since.isoformat()}\n{step}\n{times}"
    )
    return blake2s(text.encode(), digest_size=8).hexdigest()


def outbox_key(step: Step, firing: Firing, channel: str) -> str:
    """Return the key by which the outbox holds a message to a channel once."""
    return f"alert:{message_id(step, firing)}:{channel}"


def load_tellings(session: Session, firings: Sequence[Firing]) -> dict[int, Telling]:
    """Return, by firing, how far its newest message came; one that was deleted since was sent when it was posted."""
    keys = {each.id: _keys(each) for each in firings}
    wanted = [key for own in keys.values() for key in own]
    query = sa.select(O.dedupe_key, O.channel, O.sent_at, O.next_try_at).where(O.dedupe_key.in_(wanted))
    rows = {row.dedupe_key: row for row in session.execute(query)}
    return {each.id: _telling(each, [rows[key] for key in keys[each.id] if key in rows]) for each in firings}


def _keys(firing: Firing) -> list[str]:
    step = Step.FIRED if firing.times == 1 else Step.REMINDED
    return [outbox_key(step, firing, channel) for channel in dict.fromkeys(firing.rule.to)]


def _telling(firing: Firing, rows: Sequence[Any]) -> Telling:
    if not rows:
        return Telling(firing.told_at)
    unsent = [row for row in rows if row.sent_at is None]
    return Telling(
        max((row.sent_at for row in rows if row.sent_at), default=None),
        tuple(row.channel for row in unsent if row.next_try_at),
        tuple(row.channel for row in unsent if not row.next_try_at),
    )
