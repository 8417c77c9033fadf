"""Progress of the parts of a process: each loop says when it came round and when it did what it is there for.

A process whose threads hang still lives; health is that they go on. Stamps are of the monotonic clock, and cost a
microsecond.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

#: A part is late after so many of its intervals, at least (`Vitals.late_s` is the other bound).
INTERVALS: Final = 3
#: A loop that has not even come round for so many times as long as makes it late hangs: the process is to be restarted.
HANGS_AFTER: Final = 4


class Pulse:
    """What one loop stamps. `turn`: it came round, though perhaps in vain; `beat`: it did what it is there for."""

    __slots__ = ("_monotonic", "beat_at", "turned_at")

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self.beat_at = self.turned_at = monotonic()

    def turn(self) -> None:
        """Note that the loop came round."""
        self.turned_at = self._monotonic()

    def beat(self) -> None:
        """Note that the loop did what it is there for."""
        self.beat_at = self.turned_at = self._monotonic()


@dataclass(frozen=True, slots=True)
class Part:
    """How a part does: seconds since it made progress, and after how many it is late."""

    name: str
    silent_s: float
    late_after_s: float
    is_turning: bool

    @property
    def is_late(self) -> bool:
        """Whether it has made no progress for too long."""
        return self.silent_s > self.late_after_s

    @property
    def words(self) -> str:
        """How it does, for people."""
        return f"late since {self.silent_s:.0f} s" if self.is_late else "ok"


class Vitals:
    """The pulses of a process. `late_s`: no part is called late before that."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, late_s: float = 30.0) -> None:
        self._monotonic = monotonic
        self._late_s = late_s
        self._lock = Lock()
        self._watched: dict[str, tuple[Pulse, float]] = {}

    def watch(self, name: str, interval_s: float) -> Pulse:
        """Begin to watch a part that makes progress every `interval_s` or sooner, in place of one of the same name."""
        pulse = Pulse(self._monotonic)
        with self._lock:
            self._watched[name] = (pulse, max(self._late_s, INTERVALS * interval_s))
        return pulse

    def forget(self, name: str) -> None:
        """Watch a part no longer: it was ended on purpose."""
        with self._lock:
            self._watched.pop(name, None)

    def parts(self) -> list[Part]:
        """Return how each part does now, by name."""
        now = self._monotonic()
        with self._lock:
            watched = sorted(self._watched.items())
        return [
            Part(name, now - pulse.beat_at, limit, now - pulse.turned_at <= HANGS_AFTER * limit)
            for name, (pulse, limit) in watched
        ]

    @property
    def is_alive(self) -> bool:
        """Whether every loop comes round, though it may do so in vain: a database that is away heals without us."""
        return all(part.is_turning for part in self.parts())
