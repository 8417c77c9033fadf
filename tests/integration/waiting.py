"""Waiting for facts that other processes bring about."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")

#: Generous: it only bounds how long a broken test takes to say so.
DEADLINE_S = 30.0
_EVERY_S = 0.02
_pause = Event()


def eventually(look: Callable[[], T], *, within: float = DEADLINE_S, told: Callable[[], str] = str) -> T:
    """Return what `look` finds as soon as it is true; fail with the last answer and what `told` adds."""
    deadline = time.monotonic() + within
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s; the last answer was {found!r}\n{told()}")
        _pause.wait(_EVERY_S)
    return found
