"""What tasks keep between their attempts, and what is kept with assets."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from scheduler.store.tables.columns import Id, Instant, metadata, where

task_state = Table(
    "task_state",
    metadata,
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), primary_key=True),
    Column("task_id", Text, primary_key=True),
    Column("path", Text, primary_key=True, default=""),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),  # JSON
    Column("shown", Text),  # the value as people see it, where there is a secret in it
    Column("updated_at", Instant, nullable=False),
    Column("expires_at", Instant),  # empty: as long as its run
    Index("ix_task_state_expires_at", "expires_at", **where("expires_at IS NOT NULL")),
)

asset_state = Table(
    "asset_state",
    metadata,
    Column("asset", Text, primary_key=True),  # its name
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),  # JSON
    Column("shown", Text),  # the value as people see it, where there is a secret in it
    Column("updated_at", Instant, nullable=False),
    Column("updated_by", Text, nullable=False, default=""),  # task:<dag_id>.<task_id> | cli
)
