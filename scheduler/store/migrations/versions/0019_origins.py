"""Where DAGs stood in the system that they come from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "dag_origin",
        sa.Column("dag_id", sa.Text(), primary_key=True),
        sa.Column("is_paused", sa.Boolean()),
        sa.Column("run_at", Instant),
        sa.Column("logical_date", Instant),
        sa.Column("interval_start", Instant),
        sa.Column("interval_end", Instant),
        sa.Column("schedule_meaning", sa.Text()),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("dag_origin")
