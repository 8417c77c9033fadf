"""DAG files may come from a repository: which commit is in force, and which one a run has."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT: Final = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what an older program leaves empty."""
    op.create_table(
        "dag_bundle",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("subdir", sa.Text, nullable=False),
        sa.Column("view_url", sa.Text, nullable=False),
        sa.Column("version", sa.Text),
        sa.Column("committed_at", sa.Text),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("refreshed_at", _INSTANT),
        sa.Column("error", sa.Text),
        sa.Column("error_since", _INSTANT),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_dag_bundle"),
    )
    for table in ("dag", "dag_run"):
        op.add_column(table, sa.Column("bundle_version", sa.Text))


def downgrade() -> None:
    """Forget commits."""
    for table in ("dag", "dag_run"):
        op.drop_column(table, "bundle_version")
    op.drop_table("dag_bundle")
