"""Filters of lists that people gave a name."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import saved_filter
from scheduler.store.upsert import insert_into, replacing

F = saved_filter.c


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A list narrowed in a way that somebody keeps: `query` is what its address says."""

    name: str
    query: str


def list_filters(session: Session, user_name: str, place: str) -> list[SavedFilter]:
    """Return what somebody keeps of a list, by name."""
    rows = sa.select(F.name, F.query).where(F.user_name == user_name, F.place == place).order_by(F.name)
    return [SavedFilter(*row) for row in session.execute(rows)]


def save_filter(session: Session, user_name: str, place: str, name: str, query: str) -> None:
    """Keep a filter; one of the name is replaced."""
    statement = insert_into(session, saved_filter).values(
        user_name=user_name, place=place, name=name, query=query
    )
    session.execute(replacing(statement, "query"))


def delete_filter(session: Session, user_name: str, place: str, name: str) -> bool:
    """Forget a filter; false where there was none."""
    mine = (F.user_name == user_name, F.place == place, F.name == name)
    return session.execute(sa.delete(saved_filter).where(*mine)).rowcount > 0


def delete_filters_of(session: Session, user_name: str) -> None:
    """Forget all that somebody kept."""
    session.execute(sa.delete(saved_filter).where(F.user_name == user_name))
