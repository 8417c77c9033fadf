"""Runs and DAGs can be set aside; ids of attempts are never given again; events of no run are found by their age."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_RUNLESS: Final = sa.text("run_pk IS NULL")
_COUNTED: Final = {
    r"\bid INTEGER NOT NULL,": "id INTEGER NOT NULL CONSTRAINT pk_attempt PRIMARY KEY AUTOINCREMENT,",
    r"CONSTRAINT pk_attempt PRIMARY KEY \(id\),": "",
}
_PLAIN: Final = {
    r"\bid INTEGER NOT NULL[^,]*AUTOINCREMENT,": "id INTEGER NOT NULL,",
    r"(?=CONSTRAINT fk_)": "CONSTRAINT pk_attempt PRIMARY KEY (id), ",
}
_IN_ITS_PLACE: Final = (
    "INSERT INTO attempt_new SELECT * FROM attempt",
    "DROP TABLE attempt",
    "ALTER TABLE attempt_new RENAME TO attempt",
)


def upgrade() -> None:
    """Add the columns, and count the ids of attempts."""
    op.add_column("dag", sa.Column("aside_until", sa.DateTime(timezone=True)))
    op.add_column("dag", sa.Column("aside_reason", sa.Text, nullable=False, server_default=""))
    op.add_column("dag_run", sa.Column("is_aside", sa.Boolean, nullable=False, server_default=sa.false()))
    _remake_attempts(_COUNTED)
    op.drop_index("ix_event_at", "event")
    op.create_index(
        "ix_event_runless_live", "event", ["at"], postgresql_where=_RUNLESS, sqlite_where=_RUNLESS
    )


def downgrade() -> None:
    """Take the columns away."""
    op.drop_index("ix_event_runless_live", "event")
    op.create_index("ix_event_at", "event", ["at"])
    _remake_attempts(_PLAIN)
    op.drop_column("dag_run", "is_aside")
    op.drop_column("dag", "aside_reason")
    op.drop_column("dag", "aside_until")


def _remake_attempts(changes: Mapping[str, str]) -> None:
    """Write the table anew on SQLite, which cannot change a key; PostgreSQL never gives an id twice."""
    session = op.get_bind()
    if session.dialect.name != "sqlite":
        return
    of_table = "SELECT sql FROM sqlite_master WHERE tbl_name = 'attempt' AND sql IS NOT NULL AND type = "
    table = session.exec_driver_sql(f"{of_table}'table'").scalar_one()
    indexes = list(session.exec_driver_sql(f"{of_table}'index'").scalars())
    for old, new in changes.items():
        table = re.sub(old, new, table, count=1)
    op.execute(re.sub(r'^CREATE TABLE "?attempt"?', "CREATE TABLE attempt_new", table))
    for statement in _IN_ITS_PLACE:
        op.execute(statement)
    for index in indexes:
        op.execute(index)
