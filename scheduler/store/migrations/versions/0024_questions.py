"""Tasks ask people, and wait for the answer in a state of its own."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JsonText = sa.JSON()
Instant = sa.DateTime(timezone=True)
_UNFINISHED: Final = "ix_task_instance_unfinished_live"
_BEFORE: Final = ("none", "scheduled", "queued", "running", "up_for_retry", "up_for_reschedule", "deferred")


def _index(name: str, columns: list[str], *states: str) -> None:
    named = ", ".join(f"'{state}'" for state in states)
    condition = sa.text(f"state IN ({named})")
    op.create_index(name, "task_instance", columns, postgresql_where=condition, sqlite_where=condition)


def upgrade() -> None:
    """Make the table, and find what waits."""
    op.create_table(
        "question",
        sa.Column("id", Id, primary_key=True),
        sa.Column("run_pk", Id, sa.ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
        sa.Column("ti_id", Id, sa.ForeignKey("task_instance.id", ondelete="CASCADE"), nullable=False),
        sa.Column("try_number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text()),
        sa.Column("options", JsonText, nullable=False),
        sa.Column("defaults", JsonText),
        sa.Column("multiple", sa.Boolean(), nullable=False),
        sa.Column("params", JsonText, nullable=False),
        sa.Column("assigned_users", JsonText, nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("timeout_s", sa.Float()),
        sa.Column("responded_at", Instant),
        sa.Column("responded_by", sa.Text()),
        sa.Column("chosen_options", JsonText),
        sa.Column("params_input", JsonText),
        sa.UniqueConstraint("ti_id", "try_number"),
    )
    op.create_index("ix_question_run_pk", "question", ["run_pk"])
    answered = sa.text("responded_at IS NOT NULL")
    op.create_index(
        "ix_question_responded_at",
        "question",
        ["responded_at", "id"],
        postgresql_where=answered,
        sqlite_where=answered,
    )
    _index("ix_task_instance_asking_live", ["run_pk"], "awaiting_input")
    op.drop_index(_UNFINISHED, "task_instance")
    _index(_UNFINISHED, ["run_pk", "state"], *_BEFORE, "awaiting_input")


def downgrade() -> None:
    """Take it away."""
    op.drop_index(_UNFINISHED, "task_instance")
    _index(_UNFINISHED, ["run_pk", "state"], *_BEFORE)
    op.drop_index("ix_task_instance_asking_live", "task_instance")
    op.drop_table("question")
