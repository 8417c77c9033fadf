"""Ids of backfills are never given again: pages and programs name one by its id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_COUNTED: Final = {
    r"\bid INTEGER NOT NULL,": "id INTEGER NOT NULL CONSTRAINT pk_backfill PRIMARY KEY AUTOINCREMENT,",
    r",\s*CONSTRAINT pk_backfill PRIMARY KEY \(id\)": "",
}
_PLAIN: Final = {
    r"\bid INTEGER NOT NULL[^,]*AUTOINCREMENT,": "id INTEGER NOT NULL,",
    r"\s*\)\s*$": ", CONSTRAINT pk_backfill PRIMARY KEY (id))",
}
_IN_ITS_PLACE: Final = (
    "INSERT INTO backfill_new SELECT * FROM backfill",
    "DROP TABLE backfill",
    "ALTER TABLE backfill_new RENAME TO backfill",
)


def upgrade() -> None:
    """Count the ids."""
    _remake(_COUNTED)


def downgrade() -> None:
    """Count them no more."""
    _remake(_PLAIN)


def _remake(changes: Mapping[str, str]) -> None:
    """Write the table anew on SQLite, which cannot change a key; PostgreSQL never gives an id twice."""
    session = op.get_bind()
    if session.dialect.name != "sqlite":
        return
    of_table = "SELECT sql FROM sqlite_master WHERE tbl_name = 'backfill' AND sql IS NOT NULL AND type = "
    table = session.exec_driver_sql(f"{of_table}'table'").scalar_one()
    indexes = list(session.exec_driver_sql(f"{of_table}'index'").scalars())
    for old, new in changes.items():
        table = re.sub(old, new, table, count=1)
    op.execute(re.sub(r'^CREATE TABLE "?backfill"?', "CREATE TABLE backfill_new", table))
    for statement in _IN_ITS_PLACE:
        op.execute(statement)
    for index in indexes:
        op.execute(index)
