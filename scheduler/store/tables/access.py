"""What tasks reach other systems with, and who is signed in."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text

from scheduler.store.tables.columns import Instant, metadata, where

variable = Table(
    "variable",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),  # encrypted
    Column("description", Text, nullable=False, default=""),
    Column("updated_at", Instant, nullable=False),
    Column("team_name", Text),  # whose it is; empty: nobody's, seen by those who see everything
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
    Column("team_name", Text),  # whose it is; empty: nobody's, seen by those who see everything
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
    # How they came in: link (everything may be done) | password | oidc (what the account may).
    Column("proof", Text, nullable=False, default="link", server_default="link"),
)

#: Connections that people ask workers to try out (`store.trials`).
connection_trial = Table(
    "connection_trial",
    metadata,
    Column("hash", Text, primary_key=True),  # of the token by which whoever asked finds it again
    Column("account", Text, nullable=False),
    Column("conn_id", Text, nullable=False),
    Column("team_name", Text),  # whose the connection is, or is to be
    Column("queue", Text, nullable=False),
    Column("is_kept", Boolean, nullable=False),  # store it where it works
    Column("state", Text, nullable=False),  # pending, running, success, failed
    Column("sealed", LargeBinary),  # what is tried out, encrypted; empty once that is over
    Column("message", Text, nullable=False),
    Column("worker_id", Text),
    Column("created_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),  # it counts as pending or running no longer than this
    Index("uq_connection_trial_live", "conn_id", unique=True, **where("state IN ('pending', 'running')")),
)

#: What writes of the API were answered, under the key that their callers gave them (`store.kept_answers`).
kept_answer = Table(
    "kept_answer",
    metadata,
    Column(
        "key", Text, primary_key=True
    ),  # a hash of the account, the operation's address and the caller's key
    Column("account", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of what was asked for
    Column("at", Instant, nullable=False),
    Column("status", Integer),  # empty: the answer is not known yet, or was lost
    Column("answer", LargeBinary),  # encrypted
    Index("ix_kept_answer_account", "account"),
    Index("ix_kept_answer_at", "at"),
)
