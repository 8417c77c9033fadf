"""What writes of the API were answered is kept for those who repeat them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "kept_answer",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", sa.LargeBinary()),
    )
    op.create_index("ix_kept_answer_account", "kept_answer", ["account"])
    op.create_index("ix_kept_answer_at", "kept_answer", ["at"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("kept_answer")
