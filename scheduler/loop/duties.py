"""The duties of the leader besides planning: each does one thing, `duty(session, now, limit) -> count`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from scheduler.core.plan import FinishRun
from scheduler.core.states import RunState, TaskState
from scheduler.dispatch.losses import record_losses
from scheduler.loop.alarms import Alarms
from scheduler.loop.effects import Effects
from scheduler.loop.one_by_one import OF_RUN, Aside, Way, at_once
from scheduler.loop.planning import end_run
from scheduler.metrics import instruments as meter
from scheduler.operations.cancel import stop_unfinished
from scheduler.store.agenda import Agenda
from scheduler.store.attempts import AttemptRow
from scheduler.store.engine import Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.knots import blocked_runs
from scheduler.store.leases import expired_attempts
from scheduler.store.run_queue import startable_runs
from scheduler.store.runs import (
    RunRow,
    flag_due_runs,
    lock_runs,
    move_runs,
    overdue_runs,
)
from scheduler.store.setting_aside import set_run_aside
from scheduler.store.tickets import overdue_queues
from scheduler.store.transaction import after_commit

log = logging.getLogger(__name__)

OF_ATTEMPT: Final[Aside[AttemptRow]] = Aside(lambda row: row.run_pk, set_run_aside)


class Duty(Protocol):
    """One thing that the leader does at each tick."""

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Do it to at most `limit` rows in this transaction; return how many there were."""


@dataclass(frozen=True, slots=True)
class NamedDuty:
    """A duty, its name for the log, and what calls it besides the sweep: a wake too, the agenda, what others did.

    With `asks` it is done where that says so of the agenda, and never else. `follows` says the same of the agenda as
    the other duties left it: then the duty is done once more in the same tick.
    `one_by_one` does the same where `run` fails, and sets aside what cannot be done (`loop.one_by_one`).
    """

    name: str
    run: Duty
    limit: int
    one_by_one: Duty | None = None
    on_wake: bool = False
    on_time: bool = True
    follows: Callable[[Agenda], bool] | None = None
    asks: Callable[[Agenda, datetime], bool] | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """Duties that share a transaction: what one of them writes, the next reads, and they commit once."""

    duties: tuple[Duty, ...]

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Do them in turn; return the largest count."""
        return max(duty(session, now, limit) for duty in self.duties)


@dataclass(frozen=True, slots=True)
class StartRuns:
    """Lets queued runs start where `max_active_runs` leaves room."""

    graphs: GraphCache
    way: Way = at_once
    alarms: Alarms = field(default_factory=Alarms)

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Start runs; return how many."""
        found = startable_runs(session, limit)
        self.way(session, now, found, partial(self._start_all, session, now), OF_RUN)
        return len(found)

    def _start_all(self, session: Session, now: datetime, runs: Sequence[RunRow]) -> None:
        for run in runs:
            self._start(session, now, run)

    def _start(self, session: Session, now: datetime, run: RunRow) -> None:
        spec = self.graphs.get(session, run.version_id).spec
        timeout_s = spec.dagrun_timeout_s
        timeout_at = now + timedelta(seconds=timeout_s) if timeout_s else None
        values = {"start_date": run.start_date or now, "timeout_at": timeout_at}
        move_runs(session, now, [run.id], RunState.RUNNING, leaving=[RunState.QUEUED], values=values)
        self.alarms.note_started(session, now, run, spec)


def give_way(session: Session, now: datetime, limit: int) -> int:
    """Have runs that wait for an earlier one leave it their place; they start again in their turn."""
    reason = "waits for an earlier run, and leaves it its place"
    blocked = blocked_runs(session, limit)
    return len(move_runs(session, now, blocked, RunState.QUEUED, leaving=[RunState.RUNNING], reason=reason))


def wake_runs(session: Session, now: datetime, limit: int) -> int:
    """Have runs planned whose tasks wait for an instant that has come."""
    return flag_due_runs(session, now)


@dataclass(frozen=True, slots=True)
class RescueLost:
    """Lets tasks run again whose worker died."""

    graphs: GraphCache
    way: Way = at_once

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Record attempts whose lease ran out as lost; return how many."""
        expired = expired_attempts(session, limit)
        self.way(session, now, expired, partial(self._record, session, now), OF_ATTEMPT)
        return len(expired)

    def _record(self, session: Session, now: datetime, expired: Sequence[AttemptRow]) -> None:
        lost = record_losses(session, now, expired, self.graphs)
        after_commit(session, partial(_note_lost, lost))


def _note_lost(lost: Collection[AttemptRow]) -> None:
    meter.LEASES_LOST.inc(len(lost))
    for row in lost:
        fields = {"attempt_id": row.id, "try_number": row.try_number, "worker": row.worker_id}
        log.warning("attempt %s is lost: worker %s stopped answering", row.id, row.hostname, extra=fields)


@dataclass(frozen=True, slots=True)
class RingAgain:
    """Sends the tickets of attempts again that nobody claimed in time."""

    effects: Effects

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Note the queues to ring for; return how many."""
        queues = overdue_queues(session, now)
        self.effects.ring(*queues)
        return len(queues)


@dataclass(frozen=True, slots=True)
class TimeOutRuns:
    """Ends runs that outlived their `dagrun_timeout`, and stops what they still do."""

    graphs: GraphCache
    effects: Effects
    way: Way = at_once

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """End overdue runs; return how many."""
        overdue = lock_runs(session, [run.id for run in overdue_runs(session, now)])
        self.way(session, now, overdue, partial(self._time_out_all, session, now), OF_RUN)
        return len(overdue)

    def _time_out_all(self, session: Session, now: datetime, runs: Sequence[RunRow]) -> None:
        for run in runs:
            self._time_out(session, now, run)

    def _time_out(self, session: Session, now: datetime, run: RunRow) -> None:
        graph = self.graphs.get(session, run.version_id)
        reason = f"ran longer than dagrun_timeout, {graph.spec.dagrun_timeout_s:g} s"
        stop_unfinished(session, now, run, graph, TaskState.SKIPPED, reason, actor="scheduler")
        end_run(session, now, run, graph, FinishRun(RunState.FAILED, reason), self.effects)
