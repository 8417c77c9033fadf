"""Ctrl-C and SIGTERM: the first one stops a server in order, the second one at once."""

from __future__ import annotations

import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Protocol

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


class Waits(Protocol):
    """What a server waits with until it is to stop: `Stop`, or `threading.Event` where no signal asks for it."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; return whether stopping was asked for."""


class Stop:
    """Is set by a signal, and wakes the thread that waits for it.

    A handler runs in the main thread, between two of its instructions. There a `threading.Event` that the main thread
    waits for has two faults: the handler may find its lock taken by the very wait that it interrupts, and a signal that
    the kernel delivers to another thread wakes nobody. A byte in a socket, which Python's own handler writes in the
    thread it runs in, has neither.
    """

    def __init__(self) -> None:
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds, None: without end; return whether a signal asked for it. May wake early."""
        if not self._is_set:
            readable, _, _ = select.select([self._woken], [], [], timeout)
            self._is_set = bool(readable) and any(number in STOPPING for number in self._woken.recv(64))
        return self._is_set

    def fileno(self) -> int:
        """Return where the numbers of signals are to be written."""
        return self._waker.fileno()

    def close(self) -> None:
        """Give the sockets back."""
        self._woken.close()
        self._waker.close()


@contextmanager
def stop_on_signal() -> Iterator[Stop]:
    """Give what the first signal sets; from then on the usual handlers are back. For the main thread."""
    stop = Stop()

    def on_signal(number: int, frame: FrameType | None) -> None:
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before_fd = signal.set_wakeup_fd(stop.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, on_signal) for number in STOPPING}
    try:
        yield stop
    finally:
        restore()
        signal.set_wakeup_fd(before_fd)
        stop.close()
