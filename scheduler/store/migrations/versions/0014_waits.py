"""Deferred tasks wait in a table of their own, and go on with what came of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JsonText = sa.JSON()
Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table and the columns."""
    op.create_table(
        "wait",
        sa.Column("id", Id, primary_key=True),
        sa.Column("run_pk", Id, sa.ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
        sa.Column("ti_id", Id, sa.ForeignKey("task_instance.id", ondelete="CASCADE"), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("kwargs", JsonText, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("next_kwargs", JsonText, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("timeout_at", Instant),
        sa.Column("timeout_s", sa.Float()),
        sa.Column("worker_id", sa.Text()),
        sa.Column("said", JsonText),
        sa.UniqueConstraint("ti_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_wait_worker_id", "wait", ["worker_id"])
    op.create_index("ix_wait_run_pk", "wait", ["run_pk"])
    op.add_column("task_instance", sa.Column("resume", JsonText))
    op.add_column("worker", sa.Column("has_waiter", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("worker", "has_waiter")
    op.drop_column("task_instance", "resume")
    op.drop_table("wait")
