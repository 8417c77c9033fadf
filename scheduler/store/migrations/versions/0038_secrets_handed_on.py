"""Tasks that ask or wait hand on secrets, which stay hidden."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns."""
    op.add_column("question", sa.Column("meant", sa.JSON()))
    op.add_column("wait", sa.Column("secrets", sa.JSON()))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("wait", "secrets")
    op.drop_column("question", "meant")
