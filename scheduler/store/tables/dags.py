"""DAGs and their versions."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from scheduler.store.tables.columns import Id, Instant, metadata, where

dag = Table(
    "dag",
    metadata,
    Column("dag_id", Text, primary_key=True),
    Column("file", Text, nullable=False),
    Column("version_id", Id, nullable=False),  # the newest good version
    Column("snapshot_id", Id, nullable=False),  # the newest snapshot in which its file is that version
    Column("bundle_version", Text),  # the commit that this snapshot was taken from
    Column("is_paused", Boolean, nullable=False, default=False),
    Column("retired_at", Instant),  # its file is gone; history stays
    Column("display_name", Text, nullable=False, default=""),
    Column("description", Text, nullable=False, default=""),
    Column("owner", Text, nullable=False, default=""),
    Column("alerts", sa.JSON(none_as_null=True)),  # the rules that its file declares; None: none
    Column("max_active_runs", Integer, nullable=False, default=16),
    Column("next_run_at", Instant),  # when the next scheduled run is due to be created; None: never by itself
    Column("next_logical_date", Instant),
    Column("next_interval_start", Instant),
    Column("next_interval_end", Instant),
    #: The next runs of a timetable of the author's own: [run_at, logical date, start, end]; and when to ask it again.
    Column("planned", sa.JSON(none_as_null=True)),
    Column("replan_at", Instant),
    Column("last_parsed_at", Instant),
    Column("created_at", Instant, nullable=False),
    # as Airflow calls it (`core.timetable_types`); empty: an older release wrote it
    Column("timetable_type", Text),
    Column("aside_until", Instant),  # its next run could not be created; tried again then
    Column("aside_reason", Text, nullable=False, default="", server_default=""),
    Index("ix_dag_due_live", "next_run_at", **where("next_run_at IS NOT NULL AND retired_at IS NULL")),
    Index("ix_dag_file", "file"),
    Index("ix_dag_replan_live", "replan_at", **where("replan_at IS NOT NULL AND retired_at IS NULL")),
    Index("ix_dag_alerts_live", "dag_id", **where("alerts IS NOT NULL")),
)

dag_tag = Table(
    "dag_tag",
    metadata,
    Column("dag_id", Text, ForeignKey("dag.dag_id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
)

#: Whose favourite it is.
dag_favorite = Table(
    "dag_favorite",
    metadata,
    Column("dag_id", Text, ForeignKey("dag.dag_id", ondelete="CASCADE"), primary_key=True),
    Column("user_name", Text, primary_key=True),
)

#: A list narrowed in a way that somebody keeps.
saved_filter = Table(
    "saved_filter",
    metadata,
    Column("user_name", Text, primary_key=True),
    Column("place", Text, primary_key=True),  # dags | runs
    Column("name", Text, primary_key=True),
    Column("query", Text, nullable=False),  # as the address says it
)

dag_version = Table(
    "dag_version",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dag_id", Text, nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, ... within the DAG
    Column("hash", Text, nullable=False),
    Column("graph", Text, nullable=False),  # wire.DagSpec as JSON
    Column("snapshot_id", Id, ForeignKey("snapshot.id"), nullable=False),  # the first snapshot that held it
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("dag_id", "hash"),
    UniqueConstraint("dag_id", "number"),
    Index("ix_dag_version_snapshot_id", "snapshot_id"),
)

dag_origin = Table(
    "dag_origin",
    metadata,
    Column("dag_id", Text, primary_key=True),  # of a DAG that may not be here yet, or was deleted
    Column("is_paused", Boolean),  # how it is to arrive; None: as the settings say
    Column("run_at", Instant),  # its last scheduled run there; None: nothing is known of one
    Column("logical_date", Instant),
    Column("interval_start", Instant),
    Column("interval_end", Instant),
    Column("schedule_meaning", Text),  # trigger or interval; None: nobody has said
)
