"""A task counts its attempts that were no tries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. What was excused before is not known any more."""
    op.add_column(
        "task_instance", sa.Column("excused", sa.Integer, nullable=False, server_default=sa.text("0"))
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_column("task_instance", "excused")
