"""Alerts: what fires, what is watched, and the messages that go out."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from scheduler.store.tables.columns import Id, Instant, JsonText, metadata, where

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
    Index("uq_alert_rule_subject_live", "rule", "subject", unique=True, **where("over_at IS NULL")),
    Index("ix_alert_dag_id_live", "dag_id", **where("over_at IS NULL")),
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
    # None: a DAG, or all that a rule chooses
    Column("run_pk", Id, ForeignKey("dag_run.id", ondelete="CASCADE")),
    Column("definition", JsonText, nullable=False),
    Column("due_at", Instant, nullable=False),
    UniqueConstraint("rule", "subject"),
    Index("ix_alert_watch_due_at", "due_at"),
    Index("ix_alert_watch_run_pk", "run_pk"),
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
    Index("ix_outbox_live", "next_try_at", **where("next_try_at IS NOT NULL")),
    Index("ix_outbox_channel_id", "channel", "id"),
)
