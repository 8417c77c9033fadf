"""The slots of a worker that scales itself: more at once for work that waits, fewer when they were not needed lately.

What to do is decided in `core.scaling`; here is what a worker knows of itself. The row of the worker follows, so that
the leader queues for the slots that there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from scheduler.clock import Clock
from scheduler.core.scaling import Need, Span, resized
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.metrics import instruments as meter
from scheduler.store.claims import count_queued
from scheduler.store.engine import Database, Session
from scheduler.store.workers import live_workers, resize_worker

#: It looks no more often than this, in seconds.
LOOK_S: Final = 0.25
#: What an attempt is expected to take before any has ended here, in bytes; later: the most that one of the last took.
FIRST_GUESS: Final = 64_000_000
_REMEMBERED: Final = 100


class Autoscaler:
    """Used by the worker's thread alone."""

    def __init__(
        self, db: Database, plan: WorkerPlan, span: Span, clock: Clock, spare_memory: Callable[[], int | None]
    ) -> None:
        self._db = db
        self._plan = plan
        self._span = span
        self._clock = clock
        self._spare_memory = spare_memory
        self.slots = span.floor
        self._looked_at = self._calm_since = clock.monotonic()
        self._peak = 0
        self._taken: deque[int] = deque(maxlen=_REMEMBERED)

    def note_memory(self, peak_bytes: int) -> None:
        """Remember what an attempt took."""
        if peak_bytes > 0:
            self._taken.append(peak_bytes)

    def resize(self, busy: int) -> bool:
        """Look whether there are too few slots or too many; true where their number changed.

        Asks the database only while every slot is taken. Raises DatabaseUnavailable.
        """
        now = self._clock.monotonic()
        if now - self._looked_at < LOOK_S:
            return False
        self._looked_at = now
        waiting = self._count_waiting() if busy >= self.slots else 0
        wanted = resized(self._span, self._need(now, busy, waiting))
        if wanted == self.slots:
            return False
        self._db.transact(lambda session: resize_worker(session, self._plan.worker_id, wanted))
        meter.RESIZES.labels("up" if wanted > self.slots else "down").inc()
        self.slots, self._calm_since, self._peak = wanted, now, busy
        return True

    def _need(self, now: float, busy: int, waiting: int) -> Need:
        if busy >= self.slots:
            self._calm_since, self._peak = now, 0
        self._peak = max(self._peak, busy)
        return Need(
            slots=self.slots,
            busy=busy,
            waiting=waiting,
            idle_s=now - self._calm_since,
            peak=self._peak,
            free_bytes=self._spare_memory() if waiting else None,
            slot_bytes=max(self._taken, default=FIRST_GUESS),
        )

    def _count_waiting(self) -> int:
        """Count what waits for this worker: its part, where others listen to the same queues."""
        with self._db.read() as session:
            queued = count_queued(session, self._plan.queues, limit=self._span.ceiling * 10)
            return -(-queued // self._count_sharers(session)) if queued else 0

    def _count_sharers(self, session: Session) -> int:
        others = (each for each in live_workers(session) if each.id != self._plan.worker_id)
        return 1 + sum(not self._plan.queues.isdisjoint(each.queues) for each in others)
