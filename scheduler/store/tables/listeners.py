"""How far listeners of plugins have come in what happens."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from scheduler.store.tables.columns import Id, Instant, metadata

listener = Table(
    "listener",
    metadata,
    Column("name", Text, primary_key=True),  # of its plugin
    Column("events_id", Id, nullable=False),  # all rows of `event` up to here were told
    Column("asset_events_id", Id, nullable=False),
    Column("error", Text, nullable=False, default=""),  # what it raised last since its server began
    Column("error_at", Instant),
)
