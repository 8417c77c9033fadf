"""Attempts and their logs."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text

from scheduler.store.tables.columns import Id, Instant, JsonText, live, metadata, where

#: It has ended and is yet to be summed up.
UNCOUNTED_ATTEMPT: Final = "end_date IS NOT NULL AND NOT is_counted"

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
    Column("ti_id", Id, ForeignKey("task_instance.id", ondelete="CASCADE")),  # None: a DAG callback
    Column("kind", Text, nullable=False),  # task | dag_callback | task_callback
    Column("try_number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("epoch", Integer, nullable=False, default=0),  # raised by each claim
    Column("queue", Text, nullable=False),
    Column("priority", Integer, nullable=False, default=1),
    Column("payload", JsonText),  # callback name and reason
    Column("scheduled_at", Instant),  # dependencies met; None: a callback
    Column("queued_at", Instant, nullable=False),
    Column("queue_deadline", Instant),  # after it, the ticket goes out again
    Column("worker_id", Text),
    Column("lease_until", Instant),
    Column("cancel_reason", Text),  # asked to stop: travels with the answer to a renewal
    Column("claimed_at", Instant),
    Column("start_date", Instant),  # user code began
    Column("end_date", Instant),
    Column("hostname", Text, nullable=False, default=""),
    Column("exit_code", Integer),
    Column("signal", Integer),
    Column("cpu_s", Float),
    Column("peak_memory_bytes", Id),
    Column("reason", Text, nullable=False, default=""),  # one line: why it ended as it did
    Column("error", JsonText),  # wire.ErrorInfo
    Column("rendered", JsonText),  # rendered template fields
    Column("is_counted", Boolean, nullable=False, default=False, server_default=sa.false()),  # by `tallies`
    Index("ix_attempt_queued_live", "queue", "priority", "queued_at", **live("state", "queued")),
    Index("ix_attempt_running_live", "lease_until", **live("state", "running")),
    Index("ix_attempt_worker_live", "worker_id", **live("state", "running")),
    Index("ix_attempt_ti_id", "ti_id"),
    Index("ix_attempt_run_pk", "run_pk"),
    Index("ix_attempt_uncounted_live", "id", **where(UNCOUNTED_ATTEMPT)),
    # An id names the log of an attempt, and what a worker may still report: it is never given again.
    sqlite_autoincrement=True,
)

log_chunk = Table(
    "log_chunk",
    metadata,
    Column("attempt_id", Id, ForeignKey("attempt.id", ondelete="CASCADE"), primary_key=True),
    Column("start", Id, primary_key=True),  # position of its first byte in the whole log
    Column("data", LargeBinary, nullable=False),
)
