"""Listeners of plugins are told of what happens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from scheduler.store.tables.columns import Id, Instant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "listener",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("events_id", Id, nullable=False),
        sa.Column("asset_events_id", Id, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("error_at", Instant),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("listener")
