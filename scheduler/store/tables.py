"""The tables. One metadata for SQLite and PostgreSQL; `migrations/` holds how they came to be.

Instants are aware datetimes in UTC (`Instant`). Indexes named `*_live` are partial: their size
follows what is active, not history.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
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

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: Final = sa.MetaData(naming_convention=NAMING)


class Instant(sa.TypeDecorator[datetime]):
    """An aware instant in UTC: timestamptz on PostgreSQL, sortable text on SQLite. Naive ones are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Turn to UTC; SQLite drops the offset, which is always zero."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r} given to the database")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give the offset back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = sa.BigInteger().with_variant(Integer, "sqlite")
JsonText = sa.JSON()


#: States of the partial indexes. A query that is to use one names them in this order (`lists.is_in`).
ACTIVE_RUNS: Final = ("queued", "running")
OCCUPYING_TASKS: Final = ("queued", "running")
UNFINISHED_TASKS: Final = (
    *("none", "scheduled", "queued", "running"),
    *("up_for_retry", "up_for_reschedule", "deferred"),
)

#: What has ended and is yet to be summed up.
UNCOUNTED_ATTEMPT: Final = "end_date IS NOT NULL AND NOT is_counted"
UNCOUNTED_RUN: Final = "end_date IS NOT NULL AND (counted_end IS NULL OR counted_end <> end_date)"


def _live(column: str, *values: str) -> dict[str, Any]:
    """Make the `where` of a partial index on both databases."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return _where(f"{column} IN ({quoted})")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


#: One row: the oldest revision whose programs can work with these tables (`migrations.OLDEST`).
table_form = Table("table_form", metadata, Column("oldest", Text, primary_key=True))

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
    Column("last_parsed_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("aside_until", Instant),  # its next run could not be created; tried again then
    Column("aside_reason", Text, nullable=False, default="", server_default=""),
    Index("ix_dag_due_live", "next_run_at", **_where("next_run_at IS NOT NULL AND retired_at IS NULL")),
    Index("ix_dag_file", "file"),
    Index("ix_dag_alerts_live", "dag_id", **_where("alerts IS NOT NULL")),
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
    Column("number", Integer, nullable=False),  # 1, 2, ... within the DAG
    Column("hash", Text, nullable=False),
    Column("graph", Text, nullable=False),  # wire.DagSpec as JSON
    Column("snapshot_id", Id, ForeignKey("snapshot.id"), nullable=False),  # the first snapshot that held it
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("dag_id", "hash"),
    UniqueConstraint("dag_id", "number"),
    Index("ix_dag_version_snapshot_id", "snapshot_id"),
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

dag_run = Table(
    "dag_run",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dag_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("trigger_key", Text, nullable=False),  # schedule:<instant> | manual:<id or idempotency key> | ...
    Column("run_type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version_id", Id, ForeignKey("dag_version.id"), nullable=False),
    Column("snapshot_id", Id, ForeignKey("snapshot.id"), nullable=False),
    Column("bundle_version", Text),  # the commit that it runs
    Column("logical_date", Instant),
    Column("data_interval_start", Instant),
    Column("data_interval_end", Instant),
    Column("run_after", Instant, nullable=False),
    Column("conf", JsonText, nullable=False),
    Column("params", JsonText, nullable=False),  # defaults overlaid with conf, validated
    Column("max_active_tasks", Integer, nullable=False, default=16),
    Column("queued_at", Instant, nullable=False),
    Column("start_date", Instant),
    Column("end_date", Instant),
    Column("timeout_at", Instant),  # dagrun_timeout
    Column("triggered_by", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),  # why it failed, or why it waits
    Column("needs_planning", Boolean, nullable=False, default=True),
    Column(
        "wake_at", Instant
    ),  # the earliest retry_at among its tasks; of one set aside, when it is tried again
    Column(
        "is_aside", Boolean, nullable=False, default=False, server_default=sa.false()
    ),  # it could not be gone on with; `reason` says why
    Column("counted_end", Instant),  # the end_date that `run_ends` has counted
    UniqueConstraint("dag_id", "run_id"),
    UniqueConstraint("dag_id", "trigger_key"),
    Index("ix_dag_run_planning_live", "id", **_where("needs_planning AND state IN ('running')")),
    Index("ix_dag_run_wake_live", "wake_at", **_where("wake_at IS NOT NULL")),
    Index("ix_dag_run_timeout_live", "timeout_at", **_where("timeout_at IS NOT NULL")),
    Index("ix_dag_run_state_live", "dag_id", "state", **_live("state", *ACTIVE_RUNS)),
    Index("ix_dag_run_dag_id_id", "dag_id", "id"),
    Index("ix_dag_run_dag_id_logical_date", "dag_id", "logical_date"),
    Index("ix_dag_run_end_date", "end_date"),
    Index("ix_dag_run_failed", "dag_id", "end_date", **_where("state = 'failed'")),
    Index("ix_dag_run_failed_id", "id", **_live("state", "failed")),
    Index("ix_dag_run_snapshot_id", "snapshot_id"),
    Index("ix_dag_run_uncounted_live", "end_date", **_where(UNCOUNTED_RUN)),
)

task_instance = Table(
    "task_instance",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
    Column("task_id", Text, nullable=False),
    Column("path", Text, nullable=False, default=""),  # "", "3", "3.1": mapped, nested and looped instances
    Column("state", Text, nullable=False),
    Column("changed", Boolean, nullable=False, default=False),  # the planner has yet to draw its consequences
    Column("try_number", Integer, nullable=False, default=0),  # of the newest attempt; 0 = none yet
    Column("max_tries", Integer, nullable=False, default=1),  # last try_number that will be made by itself
    Column("losses", Integer, nullable=False, default=0),  # attempts lost since the last start; no tries
    Column("queue", Text, nullable=False),
    Column("pool", Text, nullable=False),
    Column("pool_slots", Integer, nullable=False, default=1),
    Column("priority", Integer, nullable=False, default=1),  # effective weight after the weight rule
    Column("scheduled_at", Instant),  # dependencies met
    Column("queued_at", Instant),
    Column("start_date", Instant),
    Column("end_date", Instant),
    Column("retry_at", Instant),
    Column("hostname", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),  # last error line, or why it was skipped
    Column("operator", Text, nullable=False, default=""),
    UniqueConstraint("run_pk", "task_id", "path"),
    Index("ix_task_instance_changed_live", "run_pk", **_where("changed")),
    Index(
        "ix_task_instance_unfinished_live",
        "run_pk",
        "state",
        **_live("state", *UNFINISHED_TASKS),
    ),
    Index("ix_task_instance_failed", "run_pk", **_live("state", "failed")),
    Index("ix_task_instance_occupying_live", "pool", **_live("state", *OCCUPYING_TASKS)),
)

#: In the order in which the runs of a DAG start (`runs.age_of`).
Index(
    "ix_dag_run_queued_live",
    dag_run.c.dag_id,
    sa.func.coalesce(dag_run.c.logical_date, dag_run.c.run_after),
    dag_run.c.id,
    **_live("state", "queued"),
)

#: In the order in which tasks are admitted.
Index(
    "ix_task_instance_scheduled_live",
    task_instance.c.queue,
    task_instance.c.priority.desc(),
    task_instance.c.scheduled_at,
    task_instance.c.id,
    **_live("state", "scheduled"),
)

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
    Index("ix_attempt_queued_live", "queue", "priority", "queued_at", **_live("state", "queued")),
    Index("ix_attempt_running_live", "lease_until", **_live("state", "running")),
    Index("ix_attempt_worker_live", "worker_id", **_live("state", "running")),
    Index("ix_attempt_ti_id", "ti_id"),
    Index("ix_attempt_run_pk", "run_pk"),
    Index("ix_attempt_uncounted_live", "id", **_where(UNCOUNTED_ATTEMPT)),
    # An id names the log of an attempt, and what a worker may still report: it is never given again.
    sqlite_autoincrement=True,
)

xcom = Table(
    "xcom",
    metadata,
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), primary_key=True),
    Column("task_id", Text, primary_key=True),
    Column("path", Text, primary_key=True, default=""),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),  # JSON
    Column("updated_at", Instant, nullable=False),
)

artifact = Table(
    "artifact",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
    Column("task_id", Text, nullable=False),
    Column("path", Text, nullable=False, default=""),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("run_pk", "task_id", "path", "name"),
)

#: Append-only: one row a change of state, in the same transaction.
event = Table(
    "event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),  # task.state | attempt.state | run.state | dag.paused | ...
    Column("dag_id", Text, nullable=False, default=""),
    Column("run_pk", Id),
    Column("ti_id", Id),
    Column("attempt_id", Id),
    Column("from_state", Text),
    Column("to_state", Text),
    Column("actor", Text, nullable=False, default=""),  # scheduler | worker:<host> | user:<name> | cli
    Column("reason", Text, nullable=False, default=""),
    Index("ix_event_run_pk", "run_pk", "id"),
    Index("ix_event_runless_live", "at", **_where("run_pk IS NULL")),
)

log_chunk = Table(
    "log_chunk",
    metadata,
    Column("attempt_id", Id, ForeignKey("attempt.id", ondelete="CASCADE"), primary_key=True),
    Column("start", Id, primary_key=True),  # position of its first byte in the whole log
    Column("data", LargeBinary, nullable=False),
)

pool = Table(
    "pool",
    metadata,
    Column("name", Text, primary_key=True),
    Column("slots", Integer, nullable=False),
    Column("description", Text, nullable=False, default=""),
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
)

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

variable = Table(
    "variable",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),  # encrypted
    Column("description", Text, nullable=False, default=""),
    Column("updated_at", Instant, nullable=False),
)

connection = Table(
    "connection",
    metadata,
    Column("conn_id", Text, primary_key=True),
    Column("conn_type", Text, nullable=False),
    Column("host", Text, nullable=False, default=""),
    Column("port", Integer),
    Column("schema", Text, nullable=False, default=""),
    Column("login", Text, nullable=False, default=""),
    Column("password", LargeBinary),  # encrypted
    Column("extra", LargeBinary),  # encrypted JSON text
    Column("description", Text, nullable=False, default=""),
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

#: Messages to people that are yet to be sent; written with the state that causes them, so that none is lost.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False, server_default=""),
    Column("payload", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_try_at", Instant),  # None: sent, or given up
    Column("tries", Integer, nullable=False, default=0),
    Column("sent_at", Instant),
    Column("error", Text, nullable=False, default=""),
    Index("ix_outbox_live", "next_try_at", **_where("next_try_at IS NOT NULL")),
    Index("ix_outbox_channel_id", "channel", "id"),
)

#: Firings of alert rules: at most one at a time for a rule and what it is about. Those that are over are history.
alert = Table(
    "alert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rule", Text, nullable=False),  # its name; of a DAG file's: <dag_id>:<name>
    Column("subject", Text, nullable=False),  # a DAG, a run, a DAG's day, a queue, a worker
    Column("dag_id", Text, nullable=False, default=""),
    Column("run_pk", Id),
    Column("run_id", Text, nullable=False, default=""),
    Column("definition", JsonText, nullable=False),  # the rule as it stood when it fired
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("told_at", Instant, nullable=False),
    Column("times", Integer, nullable=False, default=1),  # how often people were told of it
    Column("over_at", Instant),
    Column("over_reason", Text, nullable=False, default=""),
    Index("uq_alert_rule_subject_live", "rule", "subject", unique=True, **_where("over_at IS NULL")),
    Index("ix_alert_dag_id_live", "dag_id", **_where("over_at IS NULL")),
    Index("ix_alert_over_at", "over_at"),
)

#: Instants at which an alert rule is to be judged.
alert_watch = Table(
    "alert_watch",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("dag_id", Text, nullable=False, default=""),
    Column(
        "run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE")
    ),  # None: a DAG, or all that a rule chooses
    Column("definition", JsonText, nullable=False),
    Column("due_at", Instant, nullable=False),
    UniqueConstraint("rule", "subject"),
    Index("ix_alert_watch_due_at", "due_at"),
    Index("ix_alert_watch_run_pk", "run_pk"),
)

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
    Column(
        "unmeasured", Integer, nullable=False
    ),  # attempts that ran and of which nobody knows what they took
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
    Index("ix_task_tally_failed_live", "width_s", "start_at", **_where("failed > 0")),
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
    Index("uq_outage_live", "dag_id", unique=True, **_where("ended_at IS NULL")),
    Index("ix_outage_ended_at", "ended_at"),
)
