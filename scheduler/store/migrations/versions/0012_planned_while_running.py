"""Runs to plan are found without passing over those that wait to start, which carry the flag too."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NAME: Final = "ix_dag_run_planning_live"


def upgrade() -> None:
    """Leave queued runs out."""
    _remake("needs_planning AND state IN ('running')")


def downgrade() -> None:
    """Hold all that carry the flag."""
    _remake("needs_planning")


def _remake(condition: str) -> None:
    op.drop_index(_NAME, "dag_run")
    where = sa.text(condition)
    op.create_index(_NAME, "dag_run", ["id"], postgresql_where=where, sqlite_where=where)
