"""An event loop that does not sleep: where nothing but time is waited for, it puts the clock of the test forward.

It really waits while a thread works for it or a socket is open, and gives threads that it does not know a moment.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final, TypeVar

from scheduler.testing.clocks import TestClock

_T = TypeVar("_T")

#: Leaps of one wait; who waits longer waits in vain.
MOST_LEAPS: Final = 20_000
_MOMENT_S: Final = 0.02


class InVain(Exception):
    """A wait that is not over however often the clock is put forward."""


class _Leaping(selectors.DefaultSelector):
    """Puts the clock forward instead of waiting for a time to come."""

    def __init__(self, clock: TestClock) -> None:
        super().__init__()
        self._busy = 0
        self._clock = clock
        self._leaps = 0
        self._threads = threading.active_count()

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0 or self._is_awaited():
            return super().select(timeout)
        if threading.active_count() > self._threads and (found := super().select(min(timeout, _MOMENT_S))):
            return found
        self._leaps += 1
        if self._leaps > MOST_LEAPS:
            raise InVain(f"waited in vain, though the clock was put forward {MOST_LEAPS:,} times")
        self._clock.advance(timeout)
        return super().select(0)

    def thread_works(self) -> None:
        """Wait for a thread from now on."""
        self._busy += 1

    def thread_rests(self) -> None:
        """Wait for it no longer; it stays, and does nothing."""
        self._busy -= 1
        self._threads = max(self._threads, threading.active_count())

    def _is_awaited(self) -> bool:
        """Whether more than the loop's own socket is watched, or a thread works for it."""
        return bool(self._busy) or len(self.get_map() or ()) > 1


class JumpingLoop(asyncio.SelectorEventLoop):
    """The loop; its time is that of the test."""

    def __init__(self, clock: TestClock) -> None:
        self._test_clock = clock
        self._leaping = _Leaping(clock)
        super().__init__(self._leaping)

    def time(self) -> float:
        """Return seconds of the test's clock."""
        return self._test_clock.monotonic()

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]  # any callable
        """Run in a thread, which the loop then waits for."""
        future = super().run_in_executor(executor, func, *args)
        self._leaping.thread_works()
        future.add_done_callback(lambda _: self._leaping.thread_rests())
        return future


def run_leaping(coroutine: Coroutine[Any, Any, _T], clock: TestClock) -> _T:
    """Run a coroutine to its end in the time of a test; in a thread of its own beside a loop that runs in this one.

    Raises InVain.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(coroutine, clock)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, _run, coroutine, clock).result()


def _run(coroutine: Coroutine[Any, Any, _T], clock: TestClock) -> _T:
    with asyncio.Runner(loop_factory=lambda: JumpingLoop(clock)) as runner:
        return runner.run(coroutine)
