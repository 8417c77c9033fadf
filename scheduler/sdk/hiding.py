"""Secrets that code names, so that they are masked like those of connections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scheduler.sdk.variables import current_reader


def mask_secret(secret: Any, name: str | None = None) -> None:
    """Have a text masked from now on in the log, in results that are shown, and in errors of this task or file.

    Of a dict those values are masked whose keys sound secret, of a list all; with `name` only where that sounds secret.
    """
    current_reader().hide(_plain(secret), name)


def _plain(secret: Any) -> Any:
    match secret:
        case str() | None:
            return secret
        case bytes():
            return secret.decode(errors="replace")
        case Mapping():
            return {str(key): _plain(each) for key, each in secret.items()}
        case Iterable():
            return [_plain(each) for each in secret]
        case _:
            return str(secret)
