"""Pieces of logs are known by the position where they begin, so that what is missing between them shows."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_UP: Final = """
INSERT INTO log_chunk (attempt_id, start, data)
SELECT attempt_id, sum(length(data)) OVER (PARTITION BY attempt_id ORDER BY seq) - length(data), data
FROM log_chunk_before
"""
_DOWN: Final = """
INSERT INTO log_chunk (attempt_id, seq, data)
SELECT attempt_id, row_number() OVER (PARTITION BY attempt_id ORDER BY start), data
FROM log_chunk_before
"""


def upgrade() -> None:
    """Count bytes in place of pieces."""
    _remake(sa.Column("start", ID, nullable=False), _UP)


def downgrade() -> None:
    """Count pieces again."""
    _remake(sa.Column("seq", sa.Integer, nullable=False), _DOWN)


def _remake(place: sa.Column[int], copy: str) -> None:
    op.rename_table("log_chunk", "log_chunk_before")
    if op.get_bind().dialect.name == "postgresql":
        # Its index would keep the name.
        op.drop_constraint("pk_log_chunk", "log_chunk_before")
    op.create_table(
        "log_chunk",
        sa.Column("attempt_id", ID, nullable=False),
        place,
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], "fk_log_chunk_attempt_id_attempt", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("attempt_id", place.name, name="pk_log_chunk"),
    )
    op.execute(copy)
    op.drop_table("log_chunk_before")
