"""What tasks ask people, and the answers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from scheduler.store.tables.columns import Id, Instant, JsonText, metadata, where

#: One row each time that a task asks. It can be answered as long as its task, in this very try, awaits input.
question = Table(
    "question",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
    Column("ti_id", Id, ForeignKey("task_instance.id", ondelete="CASCADE"), nullable=False),
    Column("try_number", Integer, nullable=False),  # of the attempt that asked
    Column("subject", Text, nullable=False),
    Column("body", Text),  # Markdown
    Column("options", JsonText, nullable=False),
    Column("defaults", sa.JSON(none_as_null=True)),
    Column("multiple", Boolean, nullable=False),
    Column("params", JsonText, nullable=False),
    # wire.MeantQuestion, where people see options or params otherwise than the task
    Column("meant", sa.JSON(none_as_null=True)),
    Column("assigned_users", JsonText, nullable=False),
    Column("method", Text, nullable=False),  # what the task goes on with
    Column("created_at", Instant, nullable=False),
    Column("timeout_s", Float),
    Column("responded_at", Instant),
    Column("responded_by", Text),  # the name of a person; empty where nobody answered in time
    Column("chosen_options", sa.JSON(none_as_null=True)),
    Column("params_input", sa.JSON(none_as_null=True)),
    UniqueConstraint("ti_id", "try_number"),
    Index("ix_question_run_pk", "run_pk"),
    Index("ix_question_responded_at", "responded_at", "id", **where("responded_at IS NOT NULL")),
)
