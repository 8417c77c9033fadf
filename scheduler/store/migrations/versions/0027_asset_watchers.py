"""Triggers are watched for assets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "asset_watcher",
        sa.Column("dag_id", sa.Text(), sa.ForeignKey("dag.dag_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("watcher", sa.Text(), nullable=False),
    )
    op.create_index("ix_asset_watcher_key", "asset_watcher", ["key"])
    op.create_table(
        "asset_watch",
        sa.Column("id", Id, primary_key=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("kwargs", sa.JSON(), nullable=False),
        sa.Column("worker_id", sa.Text()),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_asset_watch_worker_id", "asset_watch", ["worker_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("asset_watch")
    op.drop_table("asset_watcher")
