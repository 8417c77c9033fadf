"""INSERT … ON CONFLICT, which SQLAlchemy spells once for each database."""

from __future__ import annotations

from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from scheduler.store.engine import Session

Insert: TypeAlias = postgresql.Insert | sqlite.Insert


def insert_into(session: Session, table: sa.Table) -> Insert:
    """Return an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return sqlite.insert(table) if session.dialect.name == "sqlite" else postgresql.insert(table)


def replacing(statement: Insert, *columns: str) -> Insert:
    """Let an insert of a row that exists set these columns of it instead."""
    table = statement.table
    assert isinstance(table, sa.Table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in columns},
    )
