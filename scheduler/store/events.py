"""Events: one row a change of state, in the transaction that makes the change. Never altered.

Those of a transaction are inserted together at its end: one statement, however many changes it makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import event
from scheduler.store.transaction import gather

_COLUMNS: Final = (
    "at", "kind", "dag_id", "run_pk", "ti_id", "attempt_id", "from_state", "to_state", "actor", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened."""

    at: datetime
    kind: str
    dag_id: str = ""
    run_pk: int | None = None
    ti_id: int | None = None
    attempt_id: int | None = None
    from_state: str | None = None
    to_state: str | None = None
    actor: str = ""
    reason: str = ""


_INSERT: Final = sa.insert(event)


def append(session: Session, events: Sequence[Event]) -> None:
    """Append events; all those of a transaction are inserted in one statement, at its end."""
    if events:
        gather(session, _insert, events)


def _insert(session: Session, events: list[Event]) -> None:
    session.execute(_INSERT, [{name: getattr(each, name) for name in _COLUMNS} for each in events])


def list_events(
    session: Session, run_pk: int, *, after_id: int = 0, limit: int = 1000
) -> list[tuple[int, Event]]:
    """Return the events of a run with their ids, oldest first, from the one after `after_id` on."""
    query = sa.select(event.c.id, *(event.c[name] for name in _COLUMNS))
    query = query.where(event.c.run_pk == run_pk, event.c.id > after_id).order_by(event.c.id).limit(limit)
    return [(row[0], Event(**dict(zip(_COLUMNS, row[1:], strict=True)))) for row in session.execute(query)]
