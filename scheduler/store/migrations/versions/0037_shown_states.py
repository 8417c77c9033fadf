"""What tasks keep, and what is kept with assets, is shown without its secrets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns."""
    for table in ("task_state", "asset_state"):
        op.add_column(table, sa.Column("shown", sa.Text()))


def downgrade() -> None:
    """Take them away."""
    for table in ("task_state", "asset_state"):
        op.drop_column(table, "shown")
