"""How often sign-in was tried of late, for whom and from where; all servers of the page count together."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import sign_in_failure
from scheduler.store.upsert import insert_into

F = sign_in_failure.c

#: A try is forgotten after so long.
FORGOTTEN_AFTER: Final = timedelta(minutes=15)


def count_try(session: Session, now: datetime, key: str) -> int:
    """Count a try; return how many there were of late, this one with them."""
    insert = insert_into(session, sign_in_failure).values(key=key, count=1, until=now + FORGOTTEN_AFTER)
    is_old = F.until <= now
    statement = insert.on_conflict_do_update(
        index_elements=[F.key],
        set_={
            "count": sa.case((is_old, 1), else_=F.count + 1),
            "until": sa.case((is_old, insert.excluded.until), else_=F.until),
        },
    )
    return int(session.execute(statement.returning(F.count)).scalar_one())


def forget_tries(session: Session, keys: Collection[str]) -> None:
    """Forget what was counted, as sign-in succeeded."""
    session.execute(sa.delete(sign_in_failure).where(F.key.in_(keys)))


def delete_old_tries(session: Session, now: datetime) -> int:
    """Delete what is forgotten anyway; return how many."""
    return session.execute(sa.delete(sign_in_failure).where(F.until <= now)).rowcount
