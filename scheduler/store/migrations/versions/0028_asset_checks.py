"""Assets are checked, and promised to be fresh."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and the column."""
    op.create_table(
        "asset_check",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("name", "dag_id", "task_id")),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocking", sa.Boolean(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
    )
    op.create_table(
        "asset_held",
        sa.Column("id", Id, primary_key=True),
        sa.Column("run_pk", Id, sa.ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("task_id", "path", "mark")),
        sa.Column("change", sa.JSON(), nullable=False),
    )
    op.create_index("ix_asset_held_run_pk", "asset_held", ["run_pk"])
    op.add_column("asset", sa.Column("freshness", sa.JSON()))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("asset", "freshness")
    op.drop_table("asset_held")
    op.drop_table("asset_check")
