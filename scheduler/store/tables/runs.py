"""Runs and their tasks, what these hand to each other, and the history of their states."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import (
    JSON,
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

from scheduler.store.tables.columns import Id, Instant, JsonText, live, metadata, where

#: States of the partial indexes. A query that is to use one names them in this order (`lists.is_in`).
ACTIVE_RUNS: Final = ("queued", "running")
OCCUPYING_TASKS: Final = ("queued", "running")
UNFINISHED_TASKS: Final = (
    *("none", "scheduled", "queued", "running"),
    *("up_for_retry", "up_for_reschedule", "deferred", "awaiting_input"),
)

#: It has ended and is yet to be summed up.
UNCOUNTED_RUN: Final = "end_date IS NOT NULL AND (counted_end IS NULL OR counted_end <> end_date)"

#: It waits for room among the runs of its backfill.
QUEUED_BACKFILL: Final = "backfill_id IS NOT NULL AND state IN ('queued')"

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
    # the earliest retry_at among its tasks; of one set aside, when it is tried again
    Column("wake_at", Instant),
    # it could not be gone on with; `reason` says why
    Column("is_aside", Boolean, nullable=False, default=False, server_default=sa.false()),
    #: By when it is to have succeeded: [{"place", "name", "at", "state": waits | met | missed}]; the next that waits.
    Column("deadlines", sa.JSON(none_as_null=True)),
    Column("deadline_at", Instant),
    Column("counted_end", Instant),  # the end_date that `run_ends` has counted
    Column("partition_key", Text),  # the part of an asset that it makes anew
    Column("partition_date", Instant),  # when that part begins, where it is one of time
    Column("backfill_id", Id),  # whose limit it counts for, not the DAG's
    UniqueConstraint("dag_id", "run_id"),
    UniqueConstraint("dag_id", "trigger_key"),
    Index("ix_dag_run_planning_live", "id", **where("needs_planning AND state IN ('running')")),
    Index("ix_dag_run_wake_live", "wake_at", **where("wake_at IS NOT NULL")),
    Index("ix_dag_run_timeout_live", "timeout_at", **where("timeout_at IS NOT NULL")),
    Index("ix_dag_run_deadline_live", "deadline_at", **where("deadline_at IS NOT NULL")),
    Index("ix_dag_run_state_live", "dag_id", "state", **live("state", *ACTIVE_RUNS)),
    Index("ix_dag_run_dag_id_id", "dag_id", "id"),
    Index("ix_dag_run_dag_id_logical_date", "dag_id", "logical_date"),
    Index("ix_dag_run_end_date", "end_date"),
    Index("ix_dag_run_failed", "dag_id", "end_date", **where("state = 'failed'")),
    Index("ix_dag_run_failed_id", "id", **live("state", "failed")),
    Index("ix_dag_run_snapshot_id", "snapshot_id"),
    Index("ix_dag_run_backfill", "backfill_id", "state", **where("backfill_id IS NOT NULL")),
    Index("ix_dag_run_backfill_live", "backfill_id", **where(QUEUED_BACKFILL)),
    Index("ix_dag_run_uncounted_live", "end_date", **where(UNCOUNTED_RUN)),
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
    Column(
        "excused", Integer, nullable=False, default=0, server_default=sa.text("0")
    ),  # attempts that were no tries
    Column("queue", Text, nullable=False),
    Column("pool", Text, nullable=False),
    Column("pool_slots", Integer, nullable=False, default=1),
    Column("priority", Integer, nullable=False, default=1),  # effective weight after the weight rule
    Column("scheduled_at", Instant),  # dependencies met
    Column("queued_at", Instant),
    Column("start_date", Instant),
    Column("end_date", Instant),
    Column("retry_at", Instant),
    Column("waiting_since", Instant),  # the start of the first attempt of this try, where that put it off
    Column("hostname", Text, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),  # last error line, or why it was skipped
    Column("operator", Text, nullable=False, default=""),
    Column("resume", JsonText),  # how the wait ended that its next attempt goes on after (wire.Job)
    Column("rendered_map_index", Text),  # what an instance of a mapped task is called
    UniqueConstraint("run_pk", "task_id", "path"),
    Index("ix_task_instance_changed_live", "run_pk", **where("changed")),
    Index(
        "ix_task_instance_unfinished_live",
        "run_pk",
        "state",
        **live("state", *UNFINISHED_TASKS),
    ),
    Index("ix_task_instance_failed", "run_pk", **live("state", "failed")),
    Index("ix_task_instance_occupying_live", "pool", **live("state", *OCCUPYING_TASKS)),
    Index("ix_task_instance_deferred_live", "pool", **live("state", "deferred")),
    Index("ix_task_instance_asking_live", "run_pk", **live("state", "awaiting_input")),
)

#: In the order in which the runs of a DAG start (`runs.age_of`).
Index(
    "ix_dag_run_queued_live",
    dag_run.c.dag_id,
    sa.func.coalesce(dag_run.c.logical_date, dag_run.c.run_after),
    dag_run.c.id,
    **live("state", "queued"),
)

#: In the order in which tasks are admitted.
Index(
    "ix_task_instance_scheduled_live",
    task_instance.c.queue,
    task_instance.c.priority.desc(),
    task_instance.c.scheduled_at,
    task_instance.c.id,
    **live("state", "scheduled"),
)

#: What a deferred task waits for; gone once it goes on. The lease of a wait is that of the worker that watches it.
wait = Table(
    "wait",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
    Column("ti_id", Id, ForeignKey("task_instance.id", ondelete="CASCADE"), nullable=False),
    Column("trigger", Text, nullable=False),  # path of its class
    Column("kwargs", JsonText, nullable=False),
    Column("method", Text, nullable=False),  # what the task goes on with
    Column("next_kwargs", JsonText, nullable=False),
    Column("secrets", JSON(none_as_null=True)),  # of those two, what whoever reads them hides
    Column("words", Text, nullable=False),  # what it waits for, for people
    Column("since", Instant, nullable=False),
    Column("timeout_at", Instant),
    Column("timeout_s", Float),
    Column("worker_id", Text),
    Column("said", JsonText),  # lines that the trigger logged
    UniqueConstraint("ti_id"),
    Index("ix_wait_worker_id", "worker_id"),
    Index("ix_wait_run_pk", "run_pk"),
    # An id names a wait for who watches it: it is never given again.
    sqlite_autoincrement=True,
)

#: What people wrote on task instances.
task_note = Table(
    "task_note",
    metadata,
    Column("ti_id", Id, ForeignKey("task_instance.id", ondelete="CASCADE"), primary_key=True),
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_task_note_run_pk", "run_pk"),
)

xcom = Table(
    "xcom",
    metadata,
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE"), primary_key=True),
    Column("task_id", Text, primary_key=True),
    Column("path", Text, primary_key=True, default=""),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),  # JSON
    Column("shown", Text),  # its beginning as people see it, where there is a secret in it
    Column("length", Integer),  # items of a list or dict: how often what is mapped over it runs
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

#: Somebody caused it: a person or a program, not one of our own processes.
BY_PEOPLE: Final = (
    "actor NOT IN ('', 'scheduler', 'parser', 'worker', 'waiter', 'schedule', 'asset') "
    "AND substr(actor, 1, 7) <> 'worker:'"
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
    Index("ix_event_people_live", "id", **where(BY_PEOPLE)),
    Index("ix_event_runless_live", "at", **where("run_pk IS NULL")),
)
