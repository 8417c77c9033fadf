"""Ctrl-C and SIGTERM: the first one stops a server in order, the second one at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Final

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signal() -> Iterator[Event]:
    """Give an event that the first signal sets; from then on the usual handlers are back."""
    stop = Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        restore()
        stop.set()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, on_signal) for number in STOPPING}
    try:
        yield stop
    finally:
        restore()
