"""Who writes, wakes: within a process by a condition, across processes by what each database offers.

The 1 s poll of whoever waits is the net behind all of it: a lost wake costs a second, never an outcome.
"""

from __future__ import annotations

import threading


class LocalWake:
    """Wakes every thread of this process that waits (core.ports.Wake).

    Each thread is told once of what was set since its own last `wait`: several may wait on one wake, and none
    misses what happened while it was at work.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sets = 0
        self._seen = threading.local()

    def set(self) -> None:
        """Wake all that wait, now or at their next `wait`."""
        with self._changed:
            self._sets += 1
            self._changed.notify_all()

    def wait(self, timeout: float) -> bool:
        """Return true as soon as it was set since this thread's last wait; false after `timeout` seconds."""
        seen: int = getattr(self._seen, "sets", 0)
        with self._changed:
            is_set = self._changed.wait_for(lambda: self._sets != seen, timeout)
            self._seen.sets = self._sets
        return is_set
