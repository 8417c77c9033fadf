"""Who works, who leads, and for which release the tables are."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Integer, Table, Text

from scheduler.store.tables.columns import Instant, JsonText, metadata

#: One row: the oldest revision whose programs can work with these tables (`migrations.OLDEST`).
table_form = Table("table_form", metadata, Column("oldest", Text, primary_key=True))

#: One row a role that only one process may hold, such as "scheduler".
leader = Table(
    "leader",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("address", Text, nullable=False, default=""),
)

worker = Table(
    "worker",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hostname", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("queues", JsonText, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("busy", Integer, nullable=False, default=0),
    Column("version", Text, nullable=False, default=""),
    Column("started_at", Instant, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("stopped_at", Instant),
    Column("has_waiter", Boolean, nullable=False, default=False, server_default=sa.false()),
)

pool = Table(
    "pool",
    metadata,
    Column("name", Text, primary_key=True),
    Column("slots", Integer, nullable=False),
    Column("description", Text, nullable=False, default=""),
    # tasks that wait without a slot keep their places
    Column("include_deferred", Boolean, nullable=False, default=False, server_default=sa.false()),
    Column("team_name", Text),  # whose it is; empty: everybody's
)
