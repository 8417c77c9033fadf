"""Queue what may run now: the best scheduled tasks within pools, limits and the room that live workers have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from scheduler.core.admission import Admission, Candidate, admit
from scheduler.loop.effects import Effects
from scheduler.loop.one_by_one import Aside, Way, at_once
from scheduler.store.engine import Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.limits import candidate_of, limits_of, queue_slots
from scheduler.store.scheduled import ScheduledTask, Wanted, occupancy, scheduled_tasks
from scheduler.store.setting_aside import set_run_aside
from scheduler.store.tickets import queue_tasks
from scheduler.store.transaction import request_wake
from scheduler.store.workers import live_workers

#: Reads of candidates in one pass: each leaves out the limits that the ones before found full, and looks further, so
#: that a crowd that waits for limits of its own holds up nobody behind it.
MAX_READS = 4
_FURTHER = 4
OF_TASK: Final[Aside[ScheduledTask]] = Aside(lambda task: task.run_pk, set_run_aside)


@dataclass(frozen=True, slots=True)
class AdmitTasks:
    """Moves scheduled tasks to queued, each with an attempt, and notes which queues to ring for.

    `read` gives None where it is another transaction's turn to admit: then the leader is woken, who waits for it.
    """

    graphs: GraphCache
    effects: Effects
    way: Way = at_once
    read: Callable[[Session, Wanted], list[ScheduledTask] | None] = scheduled_tasks

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Queue what the limits let through; return how many tasks that are."""
        return self.within(session, now, queue_slots(live_workers(session)), limit)

    def within(self, session: Session, now: datetime, slots: Mapping[str, int], limit: int) -> int:
        """Queue what the limits let through; `slots` are those of live workers by queue."""
        full = _Full()
        admitted = 0
        room = min(limit, 2 * sum(slots.values()))
        for reading in range(MAX_READS):
            count, is_done = self._admit_once(session, now, slots, full, room * _FURTHER**reading)
            admitted += count
            if is_done:
                break
        return admitted

    def _admit_once(
        self, session: Session, now: datetime, slots: Mapping[str, int], full: _Full, room: int
    ) -> tuple[int, bool]:
        """Read candidates that no full limit holds back and queue what fits; say whether that was all.

        A queue that already holds as many as its workers have slots is not rung for: whoever is full claims by itself
        when a slot comes free, and whoever is not has a ticket on its way.
        """
        queues = sorted(set(slots) - full.queues)
        if not queues:
            return 0, True
        found = self._read(session, full.others(queues, room))
        if not found:
            return 0, True
        answers: list[Admission] = []
        work = partial(self._admit_found, session, now, slots, answers)
        self.way(session, now, found, work, OF_TASK)
        for answer in answers:
            full.note(answer)
        is_any_held = any(answer.held for answer in answers)
        return sum(len(answer.admitted) for answer in answers), len(found) < room or not is_any_held

    def _admit_found(
        self,
        session: Session,
        now: datetime,
        slots: Mapping[str, int],
        answers: list[Admission],
        found: Sequence[ScheduledTask],
    ) -> None:
        limits = limits_of(found, occupancy(session), slots)
        answer = admit(self._candidates(session, found), limits)
        fed = queue_tasks(session, now, [each.ti_id for each in answer.admitted])
        self.effects.ring(*(queue for queue in fed if limits.queues[queue].taken < slots[queue]))
        answers.append(answer)

    def _read(self, session: Session, wanted: Wanted) -> list[ScheduledTask]:
        found = self.read(session, wanted)
        if found is None:
            request_wake(session)
        return found or []

    def _candidates(self, session: Session, found: Iterable[ScheduledTask]) -> list[Candidate]:
        return [self._candidate(session, task) for task in found]

    def _candidate(self, session: Session, task: ScheduledTask) -> Candidate:
        return candidate_of(task, self.graphs.get(session, task.version_id).tasks.get(task.task_id))


@dataclass(slots=True)
class _Full:
    """Limits that let nobody else through in this pass."""

    pools: set[str] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    runs: set[int] = field(default_factory=set)
    tasks: set[str] = field(default_factory=set)

    def others(self, queues: Sequence[str], limit: int) -> Wanted:
        """Ask for candidates that none of these limits holds back."""
        return Wanted(
            queues=queues, full_pools=self.pools, full_runs=self.runs, full_tasks=self.tasks, limit=limit
        )

    def note(self, answer: Admission) -> None:
        """Take note of limits that an answer found full."""
        self.pools |= answer.full_pools
        self.queues |= answer.full_queues
        self.runs |= answer.full_runs
        self.tasks |= answer.full_tasks
