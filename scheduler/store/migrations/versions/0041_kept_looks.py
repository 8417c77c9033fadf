"""How somebody wants the pages to look is kept with their account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column."""
    op.add_column("account", sa.Column("looks", sa.JSON()))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("account", "looks")
