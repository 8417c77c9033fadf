"""Completion hands successors on: a report plans and queues what follows, in its own transaction.

A worker in the leader's process does all that the leader would do then. A worker of its own does what is safe beside
any leader (docs/decisions/005-handing-on.md): it holds the row of the run, and takes its turn to admit. What it leaves
undone is flagged as ever, and the loop is woken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from scheduler.core.graph import TaskGraph
from scheduler.errors import NewerForm
from scheduler.loop.admitting import AdmitTasks
from scheduler.loop.effects import Effects
from scheduler.loop.planning import advance_run, plan_run
from scheduler.store.engine import Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.limits import queue_slots
from scheduler.store.runs import RunRow, flag_runs
from scheduler.store.scheduled import scheduled_tasks_in_turn
from scheduler.store.tasks import TaskRow
from scheduler.store.transaction import request_wake
from scheduler.store.workers import live_workers

#: Which workers are alive is asked this often: their leases are longer.
WORKERS_EVERY = timedelta(seconds=1)
#: Tasks queued in one transaction, at most.
MOST_ADMITTED = 100


class Part(Protocol):
    """What a worker does of the leader's work."""

    def is_open(self) -> bool:
        """Tell whether it does any of it now."""

    def takes(self, run: RunRow) -> bool:
        """Tell whether it plans this run."""

    def plan(
        self, session: Session, now: datetime, run: RunRow, graph: TaskGraph, changed: Sequence[TaskRow]
    ) -> None:
        """Draw the consequences of what changed in a run that it takes."""

    def admit(self, session: Session, now: datetime, slots: dict[str, int]) -> None:
        """Queue what may run now."""


class Beside:
    """The part of a worker in a process that may lead: all of it, while it leads."""

    def __init__(self, graphs: GraphCache, effects: Effects, leads: Callable[[], bool]) -> None:
        self._effects = effects
        self._leads = leads
        self._admit = AdmitTasks(graphs, effects)

    def is_open(self) -> bool:
        """Tell whether this process leads."""
        return self._leads()

    def takes(self, run: RunRow) -> bool:
        """Take every run."""
        return True

    def plan(
        self, session: Session, now: datetime, run: RunRow, graph: TaskGraph, changed: Sequence[TaskRow]
    ) -> None:
        """Plan as the leader does, the end of the run included."""
        plan_run(session, now, run, graph, changed, self._effects)

    def admit(self, session: Session, now: datetime, slots: dict[str, int]) -> None:
        """Queue what may run now."""
        self._admit.within(session, now, slots, MOST_ADMITTED)


class Apart:
    """The part of a worker of its own: tasks that follow within one run, whoever leads.

    Runs whose tasks look back are the leader's: planning them reaches into other runs, whose rows are not locked here.
    So is what makes instances of mapped tasks, as only its settings say how long what they are mapped over may be, and
    the end of a run, as only it knows whom to tell of it.
    """

    def __init__(self, graphs: GraphCache, effects: Effects) -> None:
        self._graphs = graphs
        self._admit = AdmitTasks(graphs, effects, read=scheduled_tasks_in_turn)

    def is_open(self) -> bool:
        """Take part always."""
        return True

    def takes(self, run: RunRow) -> bool:
        """Take runs that can be planned by themselves."""
        graph = self._graphs.known(run.version_id)
        return graph is not None and not graph.looks_back

    def plan(
        self, session: Session, now: datetime, run: RunRow, graph: TaskGraph, changed: Sequence[TaskRow]
    ) -> None:
        """Plan what follows; a run with nothing left to do is the leader's to end."""
        if advance_run(session, now, run, graph, changed, most_items=None):
            flag_runs(session, [run.id])

    def admit(self, session: Session, now: datetime, slots: dict[str, int]) -> None:
        """Queue what may run now, or leave it to the leader where another transaction admits."""
        try:
            self._admit.within(session, now, slots, MOST_ADMITTED)
        except NewerForm:
            # Among all that waits is code that only newer programs can read.
            request_wake(session)


class HandOn:
    """Plans and admits in the transaction of a report (dispatch.successors). Used by the worker's thread alone."""

    def __init__(self, graphs: GraphCache, effects: Effects, part: Part) -> None:
        self._graphs = graphs
        self._effects = effects
        self._part = part
        self._slots: dict[str, int] = {}
        self._slots_read_at: datetime | None = None

    def takes(self, run: RunRow) -> bool:
        """Tell whether what changes in this run may be planned here; its row must be locked."""
        is_free = run.is_running and not (run.needs_planning or run.is_aside)
        return is_free and self._part.is_open() and self._part.takes(run)

    def plan(self, session: Session, now: datetime, run: RunRow, changed: Sequence[TaskRow]) -> None:
        """Draw the consequences of what changed in a run that it takes."""
        self._part.plan(session, now, run, self._graphs.get(session, run.version_id), changed)

    def admit(self, session: Session, now: datetime) -> None:
        """Queue what may run now."""
        if self._part.is_open():
            self._part.admit(session, now, self._live_slots(session, now))

    def take_rings(self) -> list[str]:
        """Return the queues that have work since the last commit, and forget them."""
        return self._effects.take_rings()

    def _live_slots(self, session: Session, now: datetime) -> dict[str, int]:
        if self._slots_read_at is None or now - self._slots_read_at >= WORKERS_EVERY:
            self._slots = dict(queue_slots(live_workers(session)))
            self._slots_read_at = now
        return self._slots


def hand_on_beside(graphs: GraphCache, leads: Callable[[], bool], effects: Effects | None = None) -> HandOn:
    """Build what hands on in a process that may lead; alert rules know of the runs that it ends."""
    effects = effects or Effects()
    return HandOn(graphs, effects, Beside(graphs, effects, leads))


def hand_on_apart(graphs: GraphCache) -> HandOn:
    """Build what hands on in a worker of its own."""
    effects = Effects()
    return HandOn(graphs, effects, Apart(graphs, effects))
