"""Indexes by which snapshots that nothing refers to are found and deleted without reading history."""

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEXES: Final = (
    ("ix_snapshot_created_at", "snapshot", "created_at"),
    ("ix_dag_version_snapshot_id", "dag_version", "snapshot_id"),
    ("ix_dag_run_snapshot_id", "dag_run", "snapshot_id"),
)


def upgrade() -> None:
    """Create the indexes."""
    for name, table, column in INDEXES:
        op.create_index(name, table, [column])


def downgrade() -> None:
    """Drop the indexes."""
    for name, table, _ in INDEXES:
        op.drop_index(name, table_name=table)
