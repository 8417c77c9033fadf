"""Pages of a list: `limit` and `offset`, bounded."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from scheduler.errors import BadParams

_DEFAULT = 50
MOST = 1000


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is wanted."""

    limit: int
    offset: int


def window() -> Window:
    """Read the wanted part. Raises BadParams for what is no number or below zero."""
    return Window(min(MOST, _number("limit", _DEFAULT)), _number("offset", 0))


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadParams(f"{name}={text[:40]!r} is not a whole number from 0 on.")
    return int(text)
