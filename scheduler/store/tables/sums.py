"""Sums of what ended."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from scheduler.store.tables.columns import Id, Instant, metadata, where

#: What ended in a span of time, summed: of each DAG, and with an empty dag_id of all. See `tallies`.
tally = Table(
    "tally",
    metadata,
    Column("width_s", Integer, primary_key=True),  # a minute, an hour or a day
    Column("dag_id", Text, primary_key=True),
    Column("start_at", Instant, primary_key=True),
    *(
        Column(name, Integer, nullable=False)
        for name in ("success", "failed", "lost", "skipped", "cancelled", "deferred", "callbacks")
    ),
    *(Column(name, Integer, nullable=False) for name in ("runs_success", "runs_failed")),
    # attempts that ran and of which nobody knows what they took
    Column("unmeasured", Integer, nullable=False),
    Column("run_ms", Id, nullable=False),
    Column("cpu_us", Id, nullable=False),
    Column("memory_mb_ms", Id, nullable=False),  # peak memory times duration
    Column("peak_memory_bytes", Id, nullable=False),  # the highest
    Index("ix_tally_width_s_start_at", "width_s", "start_at"),
)

#: How many attempts waited about so long; `bucket` as in `core.delays`.
delay_tally = Table(
    "delay_tally",
    metadata,
    Column("width_s", Integer, primary_key=True),
    Column("dag_id", Text, primary_key=True),
    Column("start_at", Instant, primary_key=True),
    Column("kind", Text, primary_key=True),  # scheduling | pick_up
    Column("bucket", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    Index("ix_delay_tally_width_s_start_at", "width_s", "start_at"),
)

#: What each task took in an hour or a day.
task_tally = Table(
    "task_tally",
    metadata,
    Column("width_s", Integer, primary_key=True),
    Column("dag_id", Text, primary_key=True),
    Column("task_id", Text, primary_key=True),
    Column("start_at", Instant, primary_key=True),
    Column("ended", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("run_ms", Id, nullable=False),
    Column("cpu_us", Id, nullable=False),
    Column("longest_ms", Id, nullable=False),
    Column("longest_id", Id, nullable=False),  # the attempt; it may be gone
    Column("failed_id", Id, nullable=False),  # the newest that failed; 0: none
    Index("ix_task_tally_width_s_start_at", "width_s", "start_at"),
    Index("ix_task_tally_failed_live", "width_s", "start_at", **where("failed > 0")),
)
Index("ix_task_tally_longest", task_tally.c.width_s, task_tally.c.longest_ms.desc())

#: From the first failed run of a DAG to its next good one.
outage = Table(
    "outage",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dag_id", Text, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),  # None: it goes on
    Column("failed_runs", Integer, nullable=False),
    Index("uq_outage_live", "dag_id", unique=True, **where("ended_at IS NULL")),
    Index("ix_outage_ended_at", "ended_at"),
)
