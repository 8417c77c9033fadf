"""Runs know when the partition begins that they make."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column."""
    op.add_column("dag_run", sa.Column("partition_date", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("dag_run", "partition_date")
