"""First tables: all of them, as they were at the first release."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A frozen copy: `scheduler.store.tables` goes on changing, what this revision makes must not.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Instant = sa.DateTime(timezone=True)
Id = sa.BigInteger().with_variant(Integer, "sqlite")
JsonText = sa.JSON()


def _live(column: str, *values: str) -> dict[str, Any]:
    quoted = ", ".join(f"'{value}'" for value in values)
    return _where(f"{column} IN ({quoted})")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


snapshot = Table(
    "snapshot",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("manifest", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
)

blob = Table(
    "blob",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
)

dag = Table(
    "dag",
    metadata,
    Column("dag_id", Text, primary_key=True),
    Column("file", Text, nullable=False),
    Column("version_id", Id, nullable=False),
    Column("snapshot_id", Id, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("retired_at", Instant),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("max_active_runs", Integer, nullable=False),
    Column("next_run_at", Instant),
    Column("next_logical_date", Instant),
    Column("next_interval_start", Instant),
    Column("next_interval_end", Instant),
    Column("last_parsed_at", Instant),
    Column("created_at", Instant, nullable=False),
    Index("ix_dag_due_live", "next_run_at", **_where("next_run_at IS NOT NULL AND retired_at IS NULL")),
    Index("ix_dag_file", "file"),
)

dag_tag = Table(
    "dag_tag",
    metadata,
    Column("dag_id", Text, ForeignKey("dag.dag_id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
)

dag_version = Table(
    "dag_version",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dag_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("graph", Text, nullable=False),
    Column("snapshot_id", Id, ForeignKey("snapshot.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("dag_id", "hash"),
    UniqueConstraint("dag_id", "number"),
)

dag_file = Table(
    "dag_file",
    metadata,
    Column("path", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("depends_on", JsonText, nullable=False),  # {"files": {path: hash}, "variables": {name: hash}}
    Column("dag_ids", JsonText, nullable=False),
    Column("parsed_at", Instant, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("warnings", JsonText, nullable=False),
    Column("error_type", Text),
    Column("error_message", Text),
    Column("error_lineno", Integer),
    Column("error_traceback", Text),
    Column("error_since", Instant),
)

dag_run = Table(
    "dag_run",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dag_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("trigger_key", Text, nullable=False),
    Column("run_type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version_id", Id, ForeignKey("dag_version.id"), nullable=False),
    Column("snapshot_id", Id, ForeignKey("snapshot.id"), nullable=False),
    Column("logical_date", Instant),
    Column("data_interval_start", Instant),
    Column("data_interval_end", Instant),
    Column("run_after", Instant, nullable=False),
    Column("conf", JsonText, nullable=False),
    Column("params", JsonText, nullable=False),
    Column("max_active_tasks", Integer, nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("start_date", Instant),
    Column("end_date", Instant),
    Column("timeout_at", Instant),
    Column("triggered_by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("needs_planning", Boolean, nullable=False),
    Column("wake_at", Instant),
    UniqueConstraint("dag_id", "run_id"),
    UniqueConstraint("dag_id", "trigger_key"),
    Index("ix_dag_run_planning_live", "id", **_where("needs_planning")),
    Index("ix_dag_run_wake_live", "wake_at", **_where("wake_at IS NOT NULL")),
    Index("ix_dag_run_timeout_live", "timeout_at", **_where("timeout_at IS NOT NULL")),
    Index("ix_dag_run_state_live", "dag_id", "state", **_live("state", "queued", "running")),
    Index("ix_dag_run_dag_id_id", "dag_id", "id"),
    Index("ix_dag_run_dag_id_logical_date", "dag_id", "logical_date"),
    Index("ix_dag_run_end_date", "end_date"),
)

task_instance = Table(
    "task_instance",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
    Column("task_id", Text, nullable=False),
    Column("path", Text, nullable=False),  # "", "3", "3.1": mapped, nested and looped instances
    Column("state", Text, nullable=False),
    Column("changed", Boolean, nullable=False),
    Column("try_number", Integer, nullable=False),
    Column("max_tries", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("pool", Text, nullable=False),
    Column("pool_slots", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("scheduled_at", Instant),
    Column("queued_at", Instant),
    Column("start_date", Instant),
    Column("end_date", Instant),
    Column("retry_at", Instant),
    Column("hostname", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("operator", Text, nullable=False),
    UniqueConstraint("run_pk", "task_id", "path"),
    Index("ix_task_instance_changed_live", "run_pk", **_where("changed")),
    Index(
        "ix_task_instance_unfinished_live",
        "run_pk",
        "state",
        **_live(
            "state", "none", "scheduled", "queued", "running", "up_for_retry", "up_for_reschedule", "deferred"
        ),
    ),
    Index(
        "ix_task_instance_scheduled_live", "queue", "priority", "scheduled_at", **_live("state", "scheduled")
    ),
    Index("ix_task_instance_occupying_live", "pool", **_live("state", "queued", "running")),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
    Column("ti_id", Id, ForeignKey("task_instance.id", ondelete="CASCADE")),
    Column("kind", Text, nullable=False),
    Column("try_number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("payload", JsonText),
    Column("queued_at", Instant, nullable=False),
    Column("queue_deadline", Instant),
    Column("worker_id", Text),
    Column("lease_until", Instant),
    Column("cancel_reason", Text),
    Column("claimed_at", Instant),
    Column("start_date", Instant),
    Column("end_date", Instant),
    Column("hostname", Text, nullable=False),
    Column("exit_code", Integer),
    Column("signal", Integer),
    Column("cpu_s", Float),
    Column("peak_memory_bytes", Id),
    Column("reason", Text, nullable=False),
    Column("error", JsonText),
    Column("rendered", JsonText),
    Index("ix_attempt_queued_live", "queue", "priority", "queued_at", **_live("state", "queued")),
    Index("ix_attempt_running_live", "lease_until", **_live("state", "running")),
    Index("ix_attempt_worker_live", "worker_id", **_live("state", "running")),
    Index("ix_attempt_ti_id", "ti_id"),
    Index("ix_attempt_run_pk", "run_pk"),
)

xcom = Table(
    "xcom",
    metadata,
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), primary_key=True),
    Column("task_id", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

artifact = Table(
    "artifact",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
    Column("task_id", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("run_pk", "task_id", "path", "name"),
)

event = Table(
    "event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("dag_id", Text, nullable=False),
    Column("run_pk", Id),
    Column("ti_id", Id),
    Column("attempt_id", Id),
    Column("from_state", Text),
    Column("to_state", Text),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_event_run_pk", "run_pk", "id"),
    Index("ix_event_at", "at"),
)

log_chunk = Table(
    "log_chunk",
    metadata,
    Column("attempt_id", Id, ForeignKey("attempt.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

pool = Table(
    "pool",
    metadata,
    Column("name", Text, primary_key=True),
    Column("slots", Integer, nullable=False),
    Column("description", Text, nullable=False),
)

worker = Table(
    "worker",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hostname", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("queues", JsonText, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("busy", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("stopped_at", Instant),
)

leader = Table(
    "leader",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("address", Text, nullable=False),
)

variable = Table(
    "variable",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("description", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

connection = Table(
    "connection",
    metadata,
    Column("conn_id", Text, primary_key=True),
    Column("conn_type", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("port", Integer),
    Column("schema", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("password", LargeBinary),
    Column("extra", LargeBinary),
    Column("description", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

sign_in_token = Table(
    "sign_in_token",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

session = Table(
    "session",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("user_name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("payload", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_try_at", Instant),
    Column("tries", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("error", Text, nullable=False),
    Index("ix_outbox_live", "next_try_at", **_where("next_try_at IS NOT NULL")),
)


def upgrade() -> None:
    """Create every table, and the pool of tasks that name none."""
    bind = op.get_bind()
    metadata.create_all(bind)
    bind.execute(
        pool.insert().values(name="default_pool", slots=128, description="Where tasks run that name no pool.")
    )


def downgrade() -> None:
    """Drop every table, with all that they hold."""
    metadata.drop_all(op.get_bind())
