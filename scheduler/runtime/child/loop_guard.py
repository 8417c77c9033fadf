"""A thread that watches the event loop of a waiter, and says which trigger holds it."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Final

from scheduler.runtime.child.pipe import ChannelClosed
from scheduler.wire import Data

#: Who holds the loop for longer is named.
HELD_S: Final = 1.0
_BEAT_S: Final = 0.5


class LoopGuard:
    """Tells when the loop is held, by whom and where, and when it is free again."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[Data], None]) -> None:
        self._loop = loop
        self._tell = tell
        self._beaten_at = time.monotonic()
        self._held: int | None = None
        self._is_held = False
        self._loop_thread = threading.get_ident()

    def start(self) -> None:
        """Begin to watch the loop of this thread."""
        self._beat()
        threading.Thread(target=self._run, name="loop-guard", daemon=True).start()

    def _beat(self) -> None:
        self._beaten_at = time.monotonic()
        self._loop.call_later(_BEAT_S, self._beat)

    def _run(self) -> None:
        try:
            while True:
                time.sleep(_BEAT_S)
                self._look()
        except ChannelClosed:
            return

    def _look(self) -> None:
        silent_s = time.monotonic() - self._beaten_at
        if silent_s > HELD_S + _BEAT_S and not self._is_held:
            task = asyncio.current_task(self._loop)
            # Where it is nobody's turn, the whole machine is slow.
            if task is not None:
                self._note_held(task)
        elif silent_s <= HELD_S and self._is_held:
            self._is_held = False
            self._tell({"freed": self._held})

    def _note_held(self, task: asyncio.Task[object]) -> None:
        """Name the wait whose turn it is; a task that a trigger started has no number."""
        name = task.get_name()
        self._is_held = True
        self._held = int(name) if name.isdigit() else None
        self._tell({"held": self._held, "stack": self._stack()})

    def _stack(self) -> str:
        frame: FrameType | None = sys._current_frames().get(self._loop_thread)
        return "".join(traceback.format_stack(frame)[-5:]) if frame is not None else ""
