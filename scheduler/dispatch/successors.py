"""What a worker asks of the leader that lives in the same process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from scheduler.store.engine import Session
from scheduler.store.runs import RunRow
from scheduler.store.tasks import TaskRow


class Successors(Protocol):
    """Plans and queues what follows from a report, in the report's own transaction (loop.handing_on)."""

    def takes(self, run: RunRow) -> bool:
        """Tell whether changes of this run, whose row is locked, are planned here; else they are flagged."""

    def plan(self, session: Session, now: datetime, run: RunRow, changed: Sequence[TaskRow]) -> None:
        """Draw the consequences of tasks that became final in a run that it takes."""

    def admit(self, session: Session, now: datetime) -> None:
        """Queue what may run now."""

    def take_rings(self) -> list[str]:
        """Return the queues to ring for once the transaction has committed."""
