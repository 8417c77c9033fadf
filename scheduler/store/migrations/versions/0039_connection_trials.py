"""Connections are tried out by workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "connection_trial",
        sa.Column("hash", sa.Text(), primary_key=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("conn_id", sa.Text(), nullable=False),
        sa.Column("team_name", sa.Text()),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("is_kept", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
    )
    live = sa.text("state IN ('pending', 'running')")
    op.create_index(
        "uq_connection_trial_live",
        "connection_trial",
        ["conn_id"],
        unique=True,
        postgresql_where=live,
        sqlite_where=live,
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("connection_trial")
