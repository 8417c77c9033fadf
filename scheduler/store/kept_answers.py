"""What writes of the API were answered, by the key that their callers gave them: a repetition is answered the same.

The row is made in the transaction of the write, so that there is one exactly where something was written; what was
answered follows it. Of two that repeat each other at once, the second waits for the row of the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import kept_answer
from scheduler.store.upsert import insert_into

K = kept_answer.c

#: An answer is kept so long.
KEPT_FOR: Final = timedelta(hours=24)
#: So many are kept of an account at once.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A write that was done, and what it was answered.

    No status: that is not known yet, or was lost. No answer beside it: it was too long to be kept.
    """

    digest: str
    at: datetime
    status: int | None
    answer: bytes | None


def claim_key(session: Session, now: datetime, key: str, account: str, digest: str) -> bool:
    """Take a key for the write of this transaction; false where it is taken already, and not over."""
    session.execute(sa.delete(kept_answer).where(K.key == key, K.at <= now - KEPT_FOR))
    statement = insert_into(session, kept_answer).values(key=key, account=account, digest=digest, at=now)
    return session.scalar(statement.on_conflict_do_nothing().returning(K.key)) is not None


def count_kept(session: Session, account: str) -> int:
    """Count the answers that are kept of an account."""
    return session.scalar(sa.select(sa.func.count()).where(K.account == account)) or 0


def find_kept(session: Session, now: datetime, key: str) -> KeptAnswer | None:
    """Return what is kept under a key, None where nothing is."""
    columns = (K.digest, K.at, K.status, K.answer)
    row = session.execute(sa.select(*columns).where(K.key == key, K.at > now - KEPT_FOR)).first()
    return None if row is None else KeptAnswer(*row)


def keep_answer(session: Session, key: str, status: int, answer: bytes | None) -> None:
    """Store what the write of a key was answered."""
    session.execute(sa.update(kept_answer).where(K.key == key).values(status=status, answer=answer))


def delete_old_answers(session: Session, now: datetime, limit: int) -> int:
    """Delete up to `limit` answers that are kept no longer; return how many."""
    old = sa.select(K.key).where(K.at <= now - KEPT_FOR).limit(limit)
    return session.execute(sa.delete(kept_answer).where(K.key.in_(old))).rowcount
