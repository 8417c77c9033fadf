"""Instances of mapped tasks have names that their own template makes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what an instance is called."""
    op.add_column("task_instance", sa.Column("rendered_map_index", sa.Text()))


def downgrade() -> None:
    """Call instances by their index alone."""
    op.drop_column("task_instance", "rendered_map_index")
