"""What a test run does next: what is ready first, then what waits, at its time."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from scheduler.core.ids import TaskKey
from scheduler.testing.clocks import TestClock
from scheduler.wire import Job, Outcome


@dataclass(frozen=True, slots=True)
class Entry:
    """A task that is to be tried, or called again in the same try: `job` as it was then."""

    key: TaskKey
    job: Job | None = None
    wait: Outcome | None = None  #: how it deferred; what it waits for comes first
    looks: int = 0  #: how often it was called in this try


@dataclass(slots=True)
class Agenda:
    """The tasks of one run by their time; of one instant in the order in which they came."""

    _ready: deque[Entry] = field(default_factory=deque)
    _later: list[tuple[datetime, int, Entry]] = field(default_factory=list)
    _turns: count[int] = field(default_factory=count)

    def add(self, key: TaskKey) -> None:
        """Add a task that may begin."""
        self._ready.append(Entry(key))

    def put_off(self, at: datetime, entry: Entry) -> None:
        """Add what is to go on at an instant."""
        heapq.heappush(self._later, (at, next(self._turns), entry))

    def next(self, clock: TestClock) -> Entry | None:
        """Return what comes next, with the clock put forward to its time; None where nothing is left."""
        if self._ready:
            return self._ready.popleft()
        if not self._later:
            return None
        at, _, entry = heapq.heappop(self._later)
        clock.advance_to(at)
        return entry
