"""Lets a few through at once, and one now and then."""

from __future__ import annotations

from threading import Lock


class Gate:
    """A gate with room for `burst` at once, that makes room for one more every `every_s` seconds."""

    def __init__(self, burst: int, every_s: float) -> None:
        self._lock = Lock()
        self._burst, self._every_s = burst, every_s
        self._room = float(burst)
        self._at_s: float | None = None

    def opens(self, at_s: float) -> bool:
        """Take a place, if there is one."""
        with self._lock:
            passed_s = 0.0 if self._at_s is None else max(0.0, at_s - self._at_s)
            self._room, self._at_s = min(self._burst, self._room + passed_s / self._every_s), at_s
            if self._room < 1:
                return False
            self._room -= 1
            return True
