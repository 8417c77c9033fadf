"""Tokens for name and password."""

from __future__ import annotations

from webui.api.frame import Answer, Body


class Proof(Body):
    """Who one is, and the password that proves it."""

    username: str
    password: str


class Token(Answer):
    """What to send as `Authorization: Bearer`."""

    access_token: str
