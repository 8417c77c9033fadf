"""The tables say which programs can work with them: one of the release before goes on while others upgrade."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

#: Programs since this revision write nothing that tables of now refuse, and read nothing that they lack.
_OLDEST: Final = "0003"


def upgrade() -> None:
    """Add the table and its row."""
    table = op.create_table(
        "table_form",
        sa.Column("oldest", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("oldest", name="pk_table_form"),
    )
    op.bulk_insert(table, [{"oldest": _OLDEST}])


def downgrade() -> None:
    """Say nothing."""
    op.drop_table("table_form")
