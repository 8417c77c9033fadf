"""Assets, who makes and reads them, their events, and the events that a DAG has yet to run for."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from scheduler.store.tables.columns import Id, Instant, JsonText, metadata, where

asset = Table(
    "asset",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("uri", Text, nullable=False),
    Column("group", Text, nullable=False, default="asset"),
    Column("extra", JsonText, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("freshness", JsonText),  # how fresh it is meant to be (`core.freshness`)
    UniqueConstraint("name"),
    Index("ix_asset_uri", "uri"),
)

#: What DAGs say of assets, by the mark that events bear (`core.assets.Mark`).
asset_use = Table(
    "asset_use",
    metadata,
    Column("dag_id", Text, ForeignKey("dag.dag_id", ondelete="CASCADE"), primary_key=True),
    Column(
        "role", Text, primary_key=True
    ),  # schedule | partition (a schedule by partitions) | inlet | outlet
    Column("task_id", Text, primary_key=True, default=""),
    Column("kind", Text, primary_key=True),  # name | uri | alias
    Column("value", Text, primary_key=True),
    Index("ix_asset_use_value", "value", "role"),
)

#: Append-only. Of one that a task made, with the outcome of its attempt; of one that a person did, only `actor`.
asset_event = Table(
    "asset_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("extra", JsonText, nullable=False),
    Column("dag_id", Text, nullable=False, default=""),
    Column("run_id", Text, nullable=False, default=""),
    Column("task_id", Text, nullable=False, default=""),
    Column("path", Text, nullable=False, default=""),
    Column("alias", Text, nullable=False, default=""),  # under which it was made
    Column("partition_key", Text, nullable=False, default=""),
    Column("actor", Text, nullable=False, default=""),
    Index("ix_asset_event_name", "name", "id"),
    Index("ix_asset_event_alias_live", "alias", "id", **where("alias <> ''")),
    Index("ix_asset_event_at", "at"),
    # An event that is gone must not lend its id, which names runs.
    sqlite_autoincrement=True,
)

#: Events that a DAG has yet to run for; of a DAG by partitions, by the key that they count for there.
asset_queue = Table(
    "asset_queue",
    metadata,
    Column("dag_id", Text, primary_key=True),
    Column("event_id", Id, ForeignKey("asset_event.id", ondelete="CASCADE"), primary_key=True),
    Column("partition_key", Text, primary_key=True, default=""),
    Column("is_new", Boolean, nullable=False, default=True, server_default=sa.true()),  # yet to be looked at
    Index("ix_asset_queue_event_id", "event_id"),
    Index("ix_asset_queue_new_live", "dag_id", **where("is_new")),
)

#: The events that a run was begun for.
dag_run_event = Table(
    "dag_run_event",
    metadata,
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), primary_key=True),
    Column("event_id", Id, ForeignKey("asset_event.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_dag_run_event_event_id", "event_id"),
)

#: Triggers that DAGs want watched for their assets; `key` is made of the trigger and its arguments.
asset_watcher = Table(
    "asset_watcher",
    metadata,
    Column("dag_id", Text, ForeignKey("dag.dag_id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),  # of the asset
    Column("key", Text, primary_key=True),
    Column("watcher", Text, nullable=False),
    Index("ix_asset_watcher_key", "key"),
)

#: Each of these triggers once, and the worker that watches it.
asset_watch = Table(
    "asset_watch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("kwargs", JsonText, nullable=False),
    Column("worker_id", Text),
    Column("retry_at", Instant),  # it ended; when it is watched anew
    Column("error", Text, nullable=False, default="", server_default=""),
    UniqueConstraint("key"),
    Index("ix_asset_watch_worker_id", "worker_id"),
)

#: What each check of an asset found last.
asset_check = Table(
    "asset_check",
    metadata,
    Column("name", Text, primary_key=True),
    Column("dag_id", Text, primary_key=True),
    Column("task_id", Text, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("blocking", Boolean, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("description", Text, nullable=False),
    Column("details", JsonText, nullable=False),
)

#: Changes that tasks made, and that wait for the blocking checks of their run.
asset_held = Table(
    "asset_held",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
    Column("task_id", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("change", JsonText, nullable=False),
    Index("ix_asset_held_run_pk", "run_pk"),
)
