"""A DAG keeps the runs that its own timetable asks for next."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from scheduler.store.tables.columns import Instant

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NAME: Final = "ix_dag_replan_live"
_LIVE: Final = sa.text("replan_at IS NOT NULL AND retired_at IS NULL")


def upgrade() -> None:
    """Add the columns, and find the timetables that are to be asked."""
    op.add_column("dag", sa.Column("planned", sa.JSON(none_as_null=True)))
    op.add_column("dag", sa.Column("replan_at", Instant))
    op.create_index(_NAME, "dag", ["replan_at"], postgresql_where=_LIVE, sqlite_where=_LIVE)


def downgrade() -> None:
    """Take them away."""
    op.drop_index(_NAME, "dag")
    op.drop_column("dag", "replan_at")
    op.drop_column("dag", "planned")
