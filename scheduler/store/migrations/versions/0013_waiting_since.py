"""A task that is put off keeps the instant at which its wait began: its timeout counts from there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what an older program leaves empty."""
    op.add_column("task_instance", sa.Column("waiting_since", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Forget when waits began."""
    op.drop_column("task_instance", "waiting_since")
