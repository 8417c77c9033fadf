"""Tasks may be mapped over what others hand on: its length is kept, so that planning reads no values."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what tells the length of a value; what was handed on before is measured when it is asked for."""
    op.add_column("xcom", sa.Column("length", sa.Integer()))


def downgrade() -> None:
    """Forget lengths."""
    op.drop_column("xcom", "length")
