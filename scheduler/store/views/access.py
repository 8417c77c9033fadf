"""Accounts and tokens as command line, page and API name their fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scheduler.store.accounts import Account
from scheduler.store.api_tokens import Token


def account_fields(account: Account, roles: Sequence[str]) -> dict[str, Any]:
    """Describe an account."""
    ways = [
        name for name, has in (("password", account.has_password), ("OpenID Connect", account.subject)) if has
    ]
    return {
        "username": account.name,
        "kind": "service" if account.is_service else "person",
        "active": account.is_active,
        "roles": ", ".join(roles),
        "sign_in": ", ".join(ways) or "tokens",
        "created_at": account.created_at,
        "last_seen_at": account.last_seen_at,
    }


def token_fields(token: Token, now: datetime) -> dict[str, Any]:
    """Describe a token, of which nobody knows the text any more."""
    return {
        "id": token.id,
        "username": token.account,
        "name": token.name,
        "scopes": "all" if token.rights is None else ", ".join(token.rights),
        "state": _state(token, now),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }


def _state(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "counts"
