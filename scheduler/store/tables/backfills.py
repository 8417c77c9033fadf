"""Backfills: ranges of logical dates for which runs are created, a few at a time."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from scheduler.store.tables.columns import Id, Instant, metadata, where

backfill = Table(
    "backfill",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dag_id", Text, nullable=False),
    Column("from_date", Instant, nullable=False),  # of logical dates, both ends included
    Column("to_date", Instant, nullable=False),
    Column("run_backwards", Boolean, nullable=False),
    Column("max_active_runs", Integer, nullable=False),
    Column("reprocess_behavior", Text, nullable=False),  # none | failed | completed
    Column("dag_run_conf", sa.JSON(none_as_null=True)),
    Column("run_on_latest_version", Boolean, nullable=False),  # what runs again takes the code of now
    Column("triggered_by", Text, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("reason", Text, nullable=False),  # why it was paused, or how it ended
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("completed_at", Instant),
    Column("is_cancelled", Boolean, nullable=False),
    Column("reached", Instant),  # the last logical date that was looked at
    Column("is_drawn", Boolean, nullable=False),  # every date was looked at
    Column("total_count", Integer),  # dates in the range; None: too many to be counted beforehand
    Column("left_count", Integer, nullable=False),  # dates whose run was left as it was
    Index("ix_backfill_live", "dag_id", unique=True, **where("completed_at IS NULL")),
    Index("ix_backfill_dag_id", "dag_id", "id"),
    # People and programs name one by its id, to cancel it for one: it is never given again.
    sqlite_autoincrement=True,
)
