"""The one thread that does all reading and writing of a supervisor: descriptors, timers, calls from other
threads.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import os
import selectors
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from scheduler.clock import Clock

_log: Final = logging.getLogger(__name__)

#: What it returns does not matter.
Call = Callable[[], object]


@dataclass(order=True, slots=True)
class Timer:
    """A call that is due at an instant of the monotonic clock."""

    due_at: float
    order: int
    call: Call | None = field(compare=False)

    def cancel(self) -> None:
        """Do not call."""
        self.call = None


class Reactor:
    """Runs calls on its thread. Everything but `post` and `close` may be used from that thread only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._timers: list[Timer] = []
        self._order = itertools.count()
        self._posted: deque[Call] = deque()
        self._after_turn: dict[Call, None] = {}
        self._wake_r, self._wake_w = os.pipe()
        self._is_closing = False
        self._is_closed = False
        self._lock = threading.Lock()
        os.set_blocking(self._wake_r, False)
        os.set_blocking(self._wake_w, False)
        self._selector.register(self._wake_r, selectors.EVENT_READ, self._woken)
        self._thread = threading.Thread(target=self._run, name="supervisor-io", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """End the thread after the turn that it is in, and give back its descriptors."""
        if not self.post(self._end):
            return
        self._thread.join()
        with self._lock:
            self._is_closed = True
            self._selector.close()
            os.close(self._wake_r)
            os.close(self._wake_w)

    def post(self, call: Call) -> bool:
        """Have a call made on the thread of the reactor, soon; from any thread. False: it has ended."""
        with self._lock:
            if self._is_closed:
                return False
            self._posted.append(call)
            # When the pipe is full, it is awake already.
            with contextlib.suppress(BlockingIOError):
                os.write(self._wake_w, b"\0")
            return True

    def call_later(self, delay_s: float, call: Call) -> Timer:
        """Make a call after a delay."""
        timer = Timer(self._clock.monotonic() + delay_s, next(self._order), call)
        heapq.heappush(self._timers, timer)
        return timer

    def after_turn(self, call: Call) -> None:
        """Make a call once, when everything that is ready now was handled."""
        self._after_turn[call] = None

    def watch(self, fd: int, on_ready: Callable[[int], None], events: int = selectors.EVENT_READ) -> None:
        """Call `on_ready` with the events whenever the descriptor is ready."""
        self._selector.register(fd, events, on_ready)

    def change(self, fd: int, on_ready: Callable[[int], None], events: int) -> None:
        """Wait for other events of a watched descriptor."""
        self._selector.modify(fd, events, on_ready)

    def forget(self, fd: int) -> None:
        """Watch no longer."""
        self._selector.unregister(fd)

    def _run(self) -> None:
        while not self._is_closing:
            self._turn()

    def _turn(self) -> None:
        for key, events in self._selector.select(self._timeout()):
            # An earlier call of this turn may have closed it.
            if self._selector.get_map().get(key.fd) is key:
                self._guarded(lambda ready=key.data, events=events: ready(events))  # type: ignore[misc]
        self._call_due_timers()
        while self._posted:
            self._guarded(self._posted.popleft())
        finishing, self._after_turn = self._after_turn, {}
        for call in finishing:
            self._guarded(call)

    def _timeout(self) -> float | None:
        while self._timers and self._timers[0].call is None:
            heapq.heappop(self._timers)
        if self._posted or self._after_turn:
            return 0
        return max(0.0, self._timers[0].due_at - self._clock.monotonic()) if self._timers else None

    def _call_due_timers(self) -> None:
        now = self._clock.monotonic()
        while self._timers and self._timers[0].due_at <= now:
            call = heapq.heappop(self._timers).call
            if call is not None:
                self._guarded(call)

    def _guarded(self, call: Call) -> None:
        try:
            call()
        except Exception:  # noqa: BLE001 - the edge of a thread on which every attempt depends
            _log.exception("The supervisor met a defect of its own; it goes on.")

    def _woken(self, _events: int) -> None:
        os.read(self._wake_r, 4096)

    def _end(self) -> None:
        self._is_closing = True
