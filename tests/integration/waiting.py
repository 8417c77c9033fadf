"""Waiting for facts that other processes bring about."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")

#: Generous: it only bounds how long a broken test takes to say so.
DEADLINE_S = 30.0
#: Looking costs what is waited for its share of a core: what has taken long is looked at less often.
_EVERY_S = 0.02
_SHARE = 0.02
_SELDOM_S = 0.1
_pause = Event()


def eventually(look: Callable[[], T], *, within: float = DEADLINE_S, told: Callable[[], str] = str) -> T:
    """Return what `look` finds as soon as it is true; fail with the last answer and what `told` adds."""
    began = time.monotonic()
    while not (found := look()):
        waited = time.monotonic() - began
        if waited > within:
            raise AssertionError(f"not within {within:g} s; the last answer was {found!r}\n{told()}")
        _pause.wait(min(_SELDOM_S, _EVERY_S + waited * _SHARE))
    return found
