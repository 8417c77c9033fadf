"""Accounts, roles and tokens; whose a variable, a connection or a pool is; how a session began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OWNED = ("variable", "connection", "pool")


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make the tables and the columns."""
    _make_accounts()
    op.create_table(
        "api_token",
        sa.Column("id", Id, primary_key=True),
        sa.Column("account", sa.Text(), sa.ForeignKey("account.name", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False, unique=True),
        sa.Column("rights", sa.JSON()),
        _instant("created_at", nullable=False),
        *(_instant(name) for name in ("expires_at", "last_used_at", "revoked_at")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_token_account", "api_token", ["account"])
    op.create_table(
        "sign_in_failure",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        _instant("until", nullable=False),
    )
    op.add_column("session", sa.Column("proof", sa.Text(), nullable=False, server_default="link"))
    for table in _OWNED:
        op.add_column(table, sa.Column("team_name", sa.Text()))


def _make_accounts() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("password_hash", sa.Text()),
        sa.Column("subject", sa.Text(), unique=True),
        sa.Column("is_active", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("is_service", sa.Boolean(), nullable=False, server_default=sa.false()),
        _instant("created_at", nullable=False),
        _instant("last_seen_at"),
    )
    op.create_table(
        "role",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("rights", sa.JSON(), nullable=False),
    )
    op.create_table(
        "account_role",
        sa.Column("account", sa.Text(), sa.ForeignKey("account.name", ondelete="CASCADE"), primary_key=True),
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("role", "kind", "value")),
    )


def downgrade() -> None:
    """Take them away."""
    for table in _OWNED:
        op.drop_column(table, "team_name")
    op.drop_column("session", "proof")
    for table in ("sign_in_failure", "api_token", "account_role", "role", "account"):
        op.drop_table(table)
