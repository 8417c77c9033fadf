"""Call back for runs that have not succeeded by their deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.core.deadlines import Deadline
from scheduler.loop.effects import Effects
from scheduler.store.deadlines import DueRun, judge_due, lock_due_runs
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.tickets import queue_callback
from scheduler.wire import Data


@dataclass(frozen=True, slots=True)
class JudgeDeadlines:
    """Queues the callback of each deadline that passed without its run having succeeded, once.

    What an author's own reference is to say is asked for in the same way, as soon as the run is there.
    """

    effects: Effects

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Judge what is due; return how many runs that concerned."""
        due = lock_due_runs(session, now, limit)
        for run in due:
            for each in judge_due(session, now, run):
                if each.state == "asked":
                    self._call(session, now, run, {"callback": f"reference:{each.place}"})
                else:
                    self._tell(session, now, run, each)
        return len(due)

    def _tell(self, session: Session, now: datetime, run: DueRun, missed: Deadline) -> None:
        reason = f"{missed.name}: the run had not succeeded by {missed.at:%Y-%m-%d %H:%M:%S} UTC"
        payload = {"callback": f"deadline:{missed.place}", "reason": reason}
        append(session, [Event(at=now, kind="run.deadline", dag_id=run.dag_id, run_pk=run.id, reason=reason)])
        self._call(session, now, run, payload)

    def _call(self, session: Session, now: datetime, run: DueRun, payload: Data) -> None:
        self.effects.ring(queue_callback(session, now, run_pk=run.id, kind="dag_callback", payload=payload))
