"""INSERT … ON CONFLICT, which SQLAlchemy spells once for each database."""

from __future__ import annotations

from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from scheduler.store.engine import Session

Insert: TypeAlias = postgresql.Insert | sqlite.Insert


def insert_into(session: Session, table: sa.Table) -> Insert:
    """Return an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return insert_for(session.dialect.name, table)


def insert_for(dialect: str, table: sa.Table) -> Insert:
    """Return the same for a dialect by its name, for statements that are built once."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def replacing(statement: Insert, *columns: str) -> Insert:
    """Let an insert of a row that exists set these columns of it instead."""
    table = statement.table
    assert isinstance(table, sa.Table)
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in columns},
    )
