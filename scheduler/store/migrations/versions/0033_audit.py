"""What people did is found without what servers did."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_NAME: Final = "ix_event_people_live"
_BY_PEOPLE: Final = sa.text(
    "actor NOT IN ('', 'scheduler', 'parser', 'worker', 'waiter', 'schedule', 'asset') "
    "AND substr(actor, 1, 7) <> 'worker:'"
)


def upgrade() -> None:
    """Make the index."""
    op.create_index(_NAME, "event", ["id"], postgresql_where=_BY_PEOPLE, sqlite_where=_BY_PEOPLE)


def downgrade() -> None:
    """Take it away."""
    op.drop_index(_NAME, "event")
