"""What failed is found without reading all that went well."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_FAILED: Final = sa.text("state IN ('failed')")


def upgrade() -> None:
    """Index failed runs and failed tasks."""
    for name, table, column in (
        ("ix_dag_run_failed_id", "dag_run", "id"),
        ("ix_task_instance_failed", "task_instance", "run_pk"),
    ):
        op.create_index(name, table, [column], postgresql_where=_FAILED, sqlite_where=_FAILED)


def downgrade() -> None:
    """Drop the indexes."""
    op.drop_index("ix_task_instance_failed", "task_instance")
    op.drop_index("ix_dag_run_failed_id", "dag_run")
