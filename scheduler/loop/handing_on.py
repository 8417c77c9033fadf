"""Completion hands successors on: where one process leads and works, a report plans what follows in its transaction.

The leader is still the only one that plans: this is the leader, on the thread of its worker. What it leaves undone (a
run that is flagged already, another run that may start now) is flagged as ever, and the loop is woken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from scheduler.loop.admitting import AdmitTasks
from scheduler.loop.alarms import Alarms
from scheduler.loop.effects import Effects
from scheduler.loop.planning import plan_run
from scheduler.store.engine import Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.limits import queue_slots
from scheduler.store.runs import RunRow
from scheduler.store.tasks import TaskRow
from scheduler.store.workers import live_workers

#: Which workers are alive is asked this often: their leases are longer.
WORKERS_EVERY = timedelta(seconds=1)
#: Tasks queued in one transaction, at most.
MOST_ADMITTED = 100


class HandOn:
    """Plans and admits in the transaction of a report (dispatch.successors). Used by the worker's thread alone."""

    def __init__(self, graphs: GraphCache, leads: Callable[[], bool], alarms: Alarms | None = None) -> None:
        self._graphs = graphs
        self._leads = leads
        self._effects = Effects(alarms)
        self._admit = AdmitTasks(graphs, self._effects)
        self._slots: dict[str, int] = {}
        self._slots_read_at: datetime | None = None

    def takes(self, run: RunRow) -> bool:
        """Tell whether what changes in this run may be planned here; its row must be locked."""
        return self._leads() and run.is_running and not (run.needs_planning or run.is_aside)

    def plan(self, session: Session, now: datetime, run: RunRow, changed: Sequence[TaskRow]) -> None:
        """Draw the consequences of what changed in a run that it takes."""
        plan_run(session, now, run, self._graphs.get(session, run.version_id), changed, self._effects)

    def admit(self, session: Session, now: datetime) -> None:
        """Queue what may run now."""
        if self._leads():
            self._admit.within(session, now, self._live_slots(session, now), MOST_ADMITTED)

    def take_rings(self) -> list[str]:
        """Return the queues that have work since the last commit, and forget them."""
        return self._effects.take_rings()

    def _live_slots(self, session: Session, now: datetime) -> dict[str, int]:
        if self._slots_read_at is None or now - self._slots_read_at >= WORKERS_EVERY:
            self._slots = dict(queue_slots(live_workers(session)))
            self._slots_read_at = now
        return self._slots
