"""Scheduled tasks lie in the order in which they are admitted: the best are read, not all that wait."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAME: Final = "ix_task_instance_scheduled_live"
_WAITS: Final = sa.text("state IN ('scheduled')")


def upgrade() -> None:
    """Highest priority first, then oldest."""
    _remake("queue", sa.text("priority DESC"), "scheduled_at", "id")


def downgrade() -> None:
    """Lowest priority first."""
    _remake("queue", "priority", "scheduled_at")


def _remake(*columns: str | sa.TextClause) -> None:
    op.drop_index(_NAME, "task_instance")
    op.create_index(_NAME, "task_instance", list(columns), postgresql_where=_WAITS, sqlite_where=_WAITS)
