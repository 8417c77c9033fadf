"""A pool may count tasks that wait without a slot."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_NAME: Final = "ix_task_instance_deferred_live"
_DEFERRED: Final = sa.text("state IN ('deferred')")


def upgrade() -> None:
    """Add the column, and find what waits by its pool."""
    op.add_column(
        "pool", sa.Column("include_deferred", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_index(_NAME, "task_instance", ["pool"], postgresql_where=_DEFERRED, sqlite_where=_DEFERRED)


def downgrade() -> None:
    """Take them away."""
    op.drop_index(_NAME, "task_instance")
    op.drop_column("pool", "include_deferred")
