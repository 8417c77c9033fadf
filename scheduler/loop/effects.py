"""What follows a commit of the loop: queues to ring for, and people to tell."""

from __future__ import annotations

from datetime import datetime

from scheduler.store.engine import Session
from scheduler.store.outbox import post_run_failed
from scheduler.store.runs import RunRow


class Effects:
    """Collects rings until the transaction has committed; posts messages within it. Used by the loop's thread alone."""

    def __init__(self, recipient_count: int = 0) -> None:
        self._recipient_count = recipient_count
        self._queues: set[str] = set()

    def ring(self, *queues: str) -> None:
        """Note queues that have work."""
        self._queues.update(queues)

    def take_rings(self) -> list[str]:
        """Return the queues that were noted, and forget them."""
        queues = sorted(self._queues)
        self._queues.clear()
        return queues

    def tell_of_failure(self, session: Session, now: datetime, run: RunRow, reason: str) -> None:
        """Post a message to each recipient, in the transaction that fails the run."""
        for recipient in range(self._recipient_count):
            post_run_failed(session, now, run.dag_id, run.run_id, reason, recipient=recipient)
