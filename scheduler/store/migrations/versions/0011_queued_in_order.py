"""Queued runs lie in the order in which they start: the next are read, not all that wait."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NAME: Final = "ix_dag_run_queued_live"
_WAITS: Final = sa.text("state IN ('queued')")


def upgrade() -> None:
    """Oldest first within each DAG."""
    columns: list[str | sa.TextClause] = ["dag_id", sa.text("coalesce(logical_date, run_after)"), "id"]
    op.create_index(_NAME, "dag_run", columns, postgresql_where=_WAITS, sqlite_where=_WAITS)


def downgrade() -> None:
    """Leave them to the index of active runs."""
    op.drop_index(_NAME, "dag_run")
