"""Runs are made for ranges of the past."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from scheduler.store.tables.columns import Instant

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OF_BACKFILL: Final = sa.text("backfill_id IS NOT NULL")
_QUEUED: Final = sa.text("backfill_id IS NOT NULL AND state IN ('queued')")
_GOES_ON: Final = sa.text("completed_at IS NULL")


def upgrade() -> None:
    """Make the table, and have runs name their backfill."""
    op.create_table(
        "backfill",
        sa.Column("id", Id, primary_key=True),
        sa.Column("dag_id", sa.Text(), nullable=False),
        *(sa.Column(name, Instant, nullable=False) for name in ("from_date", "to_date")),
        sa.Column("run_backwards", sa.Boolean(), nullable=False),
        sa.Column("max_active_runs", sa.Integer(), nullable=False),
        sa.Column("reprocess_behavior", sa.Text(), nullable=False),
        sa.Column("dag_run_conf", sa.JSON(none_as_null=True)),
        sa.Column("run_on_latest_version", sa.Boolean(), nullable=False),
        sa.Column("triggered_by", sa.Text(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *(sa.Column(name, Instant, nullable=False) for name in ("created_at", "updated_at")),
        sa.Column("completed_at", Instant),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False),
        sa.Column("reached", Instant),
        sa.Column("is_drawn", sa.Boolean(), nullable=False),
        sa.Column("total_count", sa.Integer()),
        sa.Column("left_count", sa.Integer(), nullable=False),
    )
    _index("ix_backfill_live", "backfill", ["dag_id"], _GOES_ON, unique=True)
    op.create_index("ix_backfill_dag_id", "backfill", ["dag_id", "id"])
    op.add_column("dag_run", sa.Column("backfill_id", Id))
    _index("ix_dag_run_backfill", "dag_run", ["backfill_id", "state"], _OF_BACKFILL)
    _index("ix_dag_run_backfill_live", "dag_run", ["backfill_id"], _QUEUED)


def _index(name: str, table: str, columns: list[str], where: sa.TextClause, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    """Take them away."""
    for name in ("ix_dag_run_backfill_live", "ix_dag_run_backfill"):
        op.drop_index(name, "dag_run")
    op.drop_column("dag_run", "backfill_id")
    op.drop_table("backfill")
