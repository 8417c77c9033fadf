"""Tasks keep state between their attempts, and with assets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "task_state",
        sa.Column("run_pk", Id, sa.ForeignKey("dag_run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("task_id", sa.Text(), primary_key=True),
        sa.Column("path", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
    )
    expires = sa.text("expires_at IS NOT NULL")
    op.create_index(
        "ix_task_state_expires_at",
        "task_state",
        ["expires_at"],
        postgresql_where=expires,
        sqlite_where=expires,
    )
    op.create_table(
        "asset_state",
        sa.Column("asset", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("asset_state")
    op.drop_table("task_state")
