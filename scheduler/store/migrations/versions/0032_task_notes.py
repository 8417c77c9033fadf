"""People write notes on task instances, and keep DAGs as favourites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "task_note",
        sa.Column("ti_id", Id, sa.ForeignKey("task_instance.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("run_pk", Id, sa.ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.create_index("ix_task_note_run_pk", "task_note", ["run_pk"])
    op.create_table(
        "dag_favorite",
        sa.Column("dag_id", sa.Text(), sa.ForeignKey("dag.dag_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_name", sa.Text(), primary_key=True),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("dag_favorite")
    op.drop_table("task_note")
