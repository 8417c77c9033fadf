"""Who may come in, and what they were granted. Only hashes of passwords and tokens are stored."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from scheduler.store.tables.columns import Id, Instant, JsonText, metadata

#: A person, or a program (`is_service`: it comes in by tokens alone).
account = Table(
    "account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password_hash", Text),  # argon2id; empty: comes in by tokens or another place of sign-in
    Column("subject", Text, unique=True),  # who they are there (OpenID Connect: issuer and subject)
    Column("is_active", Boolean, nullable=False, default=True, server_default=sa.true()),
    Column("is_service", Boolean, nullable=False, default=False, server_default=sa.false()),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant),
    Column("looks", JsonText),  # what they chose of how the pages look: {"theme": "dark"}
)

#: Roles that people made, beside those that are always there (`security.rights.ROLES`).
role = Table(
    "role",
    metadata,
    Column("name", Text, primary_key=True),
    Column("rights", JsonText, nullable=False),  # names of rights
)

#: A role that somebody has, about everything (`kind` is empty) or about some DAGs.
account_role = Table(
    "account_role",
    metadata,
    Column("account", Text, ForeignKey("account.name", ondelete="CASCADE"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("kind", Text, primary_key=True, default=""),  # empty | dag | tag | team
    Column("value", Text, primary_key=True, default=""),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Text, ForeignKey("account.name", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("rights", JsonText),  # of those that the account has; empty: all of them
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Index("ix_api_token_account", "account"),
    # An id that was revoked must not come to name another token.
    sqlite_autoincrement=True,
)

#: How often sign-in failed of late, by whom it was tried for and from where; shared by all servers of the page.
sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("key", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("until", Instant, nullable=False),  # when it is forgotten
)
