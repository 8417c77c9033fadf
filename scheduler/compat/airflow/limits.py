"""`timeout`: a limit of time around a block."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, NoReturn

from scheduler.sdk.signals import TaskTimeout


class timeout:
    """`with timeout(seconds=5):` raises TaskTimeout in the block when it takes longer."""

    def __init__(self, seconds: float = 1, error_message: str = "Timeout") -> None:
        self.seconds = seconds
        self.error_message = error_message
        self._before: Any = None
        self._left = 0.0

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGALRM, self._stop)
        self._left, _ = signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, self._left)
        signal.signal(signal.SIGALRM, self._before)

    def _stop(self, _signum: int, _frame: FrameType | None) -> NoReturn:
        raise TaskTimeout(f"{self.error_message}: the block took longer than {self.seconds:g} s")
