"""Runs have deadlines."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from scheduler.store.tables.columns import Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_NAME: Final = "ix_dag_run_deadline_live"
_LIVE: Final = sa.text("deadline_at IS NOT NULL")


def upgrade() -> None:
    """Add the columns, and find what is due."""
    op.add_column("dag_run", sa.Column("deadlines", sa.JSON(none_as_null=True)))
    op.add_column("dag_run", sa.Column("deadline_at", Instant))
    op.create_index(_NAME, "dag_run", ["deadline_at"], postgresql_where=_LIVE, sqlite_where=_LIVE)


def downgrade() -> None:
    """Take them away."""
    op.drop_index(_NAME, "dag_run")
    op.drop_column("dag_run", "deadline_at")
    op.drop_column("dag_run", "deadlines")
