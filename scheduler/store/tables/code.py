"""DAG files as they were found: their bytes, and what the last parse made of each."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, Table, Text

from scheduler.store.tables.columns import Id, Instant, JsonText, metadata

snapshot = Table(
    "snapshot",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("manifest", JsonText, nullable=False),  # {relative path: [blob hash, size, mode]}
    Column("created_at", Instant, nullable=False),  # when the folder last came to be so
    Index("ix_snapshot_created_at", "created_at"),
)

blob = Table(
    "blob",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),  # zlib
    Column("size", Integer, nullable=False),
)

#: Where DAG files come from, one row: what the leader fetched last, how it failed, and whether it is to look again.
dag_bundle = Table(
    "dag_bundle",
    metadata,
    Column("name", Text, primary_key=True),
    Column("url", Text, nullable=False),  # without its password
    Column("ref", Text, nullable=False),
    Column("subdir", Text, nullable=False, default=""),
    Column("view_url", Text, nullable=False, default=""),  # template of a commit's page
    Column("version", Text),  # the commit in force
    Column("committed_at", Text),
    Column("author", Text, nullable=False, default=""),
    Column("subject", Text, nullable=False, default=""),
    Column("refreshed_at", Instant),  # the last fetch that came to its end
    Column("error", Text),
    Column("error_since", Instant),
    Column("requests", Integer, nullable=False, default=0),  # how often a look was asked for
)

#: What the last parse of each file found and what it depended on.
dag_file = Table(
    "dag_file",
    metadata,
    Column("path", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),  # hash of the file and of all that its parse depended on
    Column("depends_on", JsonText, nullable=False),  # {"files": {path: hash}, "variables": {name: hash}}
    Column("dag_ids", JsonText, nullable=False),
    Column("parsed_at", Instant, nullable=False),
    Column("seconds", Float, nullable=False, default=0.0),
    Column("warnings", JsonText, nullable=False),
    Column("error_type", Text),  # not null: an import error; the last good versions stay in force
    Column("error_message", Text),
    Column("error_lineno", Integer),
    Column("error_traceback", Text),
    Column("error_since", Instant),
)
