"""Values that tasks hand on are shown without their secrets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column."""
    op.add_column("xcom", sa.Column("shown", sa.Text()))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("xcom", "shown")
