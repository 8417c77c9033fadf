"""What stops user code from outside: its time limit, and the wish to cancel it.

Both reach the main thread only.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from scheduler.sdk.signals import TaskCancelled, TaskTimeout


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise TaskTimeout inside when it takes longer; None is no limit."""
    if seconds is None or not _is_main_thread():
        yield
        return

    def expire(_signum: int, _frame: FrameType | None) -> NoReturn:
        raise TaskTimeout(f"ran longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def cancellable() -> Iterator[None]:
    """Raise TaskCancelled inside when the process is asked to end with SIGTERM, unless it handles that
    itself.
    """
    if not _is_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _cancel(_signum: int, _frame: FrameType | None) -> NoReturn:
    # Cleaning up must not be cut short by a second wish; who will not wait sends SIGKILL.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise TaskCancelled("asked to stop")


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
