"""Whose a variable, a connection or a pool is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal, TypeAlias

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import connection, pool, variable

Owned: TypeAlias = Literal["variable", "connection", "pool"]

_NAMES: Final[dict[Owned, sa.Column[Any]]] = {
    "variable": variable.c.key,
    "connection": connection.c.conn_id,
    "pool": pool.c.name,
}


def teams_of(session: Session, what: Owned, names: Collection[str]) -> dict[str, str | None]:
    """Return whose each of these is, None for nobody's; one that is not there is left out."""
    column = _NAMES[what]
    query = sa.select(column, column.table.c.team_name).where(column.in_(sorted(names)))
    return {row[0]: row[1] for row in session.execute(query)}


def give_to_team(session: Session, what: Owned, name: str, team: str | None) -> None:
    """Let something be a team's, or nobody's."""
    column = _NAMES[what]
    table = column.table
    assert isinstance(table, sa.Table)
    session.execute(sa.update(table).where(column == name).values(team_name=team))
