"""What follows a commit of the loop, queues to ring for; and what must be committed with it: alerts."""

from __future__ import annotations

from datetime import datetime

from scheduler.core.expansion import MOST_ITEMS
from scheduler.core.plan import FinishRun
from scheduler.loop.alarms import Alarms
from scheduler.store.engine import Session
from scheduler.store.runs import RunRow
from scheduler.wire import DagSpec


class Effects:
    """Collects rings until the transaction has committed; alerts within it. Used by one thread alone.

    `most_items`: how long a result may be that is mapped over (`max_map_length`).
    """

    def __init__(self, alarms: Alarms | None = None, most_items: int = MOST_ITEMS) -> None:
        self.most_items = most_items
        self._alarms = alarms or Alarms()
        self._queues: set[str] = set()

    def ring(self, *queues: str) -> None:
        """Note queues that have work."""
        self._queues.update(queues)

    def take_rings(self) -> list[str]:
        """Return the queues that were noted, and forget them."""
        queues = sorted(self._queues)
        self._queues.clear()
        return queues

    def tell_of_end(
        self, session: Session, now: datetime, run: RunRow, spec: DagSpec, ending: FinishRun
    ) -> None:
        """Let alert rules know of a run's end, in the transaction that ends it."""
        self._alarms.note_ended(session, now, run, spec, ending.state, ending.reason)
