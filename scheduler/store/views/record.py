"""The record of who came in, who was refused, who wrote what, and what was changed about users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import BY_PEOPLE, event

E = event.c
#: What the record holds, by the beginning of its kind; runs and tasks have pages of their own for what befell them.
KINDS: Final = ("request", "user", "role", "token", "variable", "connection", "pool", "dag", "secrets")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record."""

    id: int
    at: datetime
    kind: str
    dag_id: str
    actor: str
    reason: str


def list_record(
    session: Session, limit: int, *, before: int | None = None, kind: str = "", actor: str = ""
) -> list[Entry]:
    """Return the newest lines, those before an id, of one kind and by one actor if they are named."""
    kinds = [kind] if kind in KINDS else KINDS
    is_kept = sa.or_(*(E.kind.startswith(f"{each}.", autoescape=True) for each in kinds))
    # By the index of what people did: what befell runs and tasks may be millions of events.
    query = sa.select(*(E[name] for name in Entry.__slots__)).where(sa.text(BY_PEOPLE), is_kept)
    if before is not None:
        query = query.where(E.id < before)
    if actor:
        query = query.where(E.actor.icontains(actor, autoescape=True))
    return [Entry(*row) for row in session.execute(query.order_by(E.id.desc()).limit(limit))]
