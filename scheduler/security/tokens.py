"""Tokens that stand for a person. They are random enough that a plain hash of them tells nothing."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits, fit for a URL or a cookie. Shown once, never stored, never logged."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
