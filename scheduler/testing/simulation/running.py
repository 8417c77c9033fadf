"""One run of a simulation: its states, drawn by the planner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler.core.dimensions import is_within
from scheduler.core.expansion import MOST_ITEMS, Length, Place, is_of_many
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey, named, scheduled_run_id
from scheduler.core.instances import Scope
from scheduler.core.plan import Move, finish, plan
from scheduler.core.settle import Settled, settle
from scheduler.core.states import FINISHED, RunState, TaskState
from scheduler.core.timetables import Due
from scheduler.testing.mapped import MappedPlanner
from scheduler.testing.simulation.assumptions import Assumptions
from scheduler.testing.simulation.record import SimulatedRun, SimulatedTask
from scheduler.wire import Outcome

_NOTHING = Outcome(attempt_id=0, epoch=0, state="success")
_FAILURE = Outcome(attempt_id=0, epoch=0, state="failed", reason="assumed to fail")


@dataclass(slots=True, eq=False)
class Run:
    """A run from its creation on; `number` is its place among all runs, `before` and `after` are those of its DAG."""

    number: int
    graph: TaskGraph
    due: Due
    created_at: datetime
    assumed: Assumptions
    before: Run | None
    after: Run | None = None
    state: RunState = RunState.QUEUED
    started_at: datetime | None = None
    ended_at: datetime | None = None
    states: dict[str, dict[str, TaskState]] = field(default_factory=dict)
    tries: Counter[TaskKey] = field(default_factory=Counter)
    scheduled_at: dict[TaskKey, datetime] = field(default_factory=dict)
    began: dict[TaskKey, datetime] = field(default_factory=dict)
    ended: dict[TaskKey, datetime] = field(default_factory=dict)
    reasons: dict[TaskKey, str] = field(default_factory=dict)

    def start(self, now: datetime) -> None:
        """Begin, with what waits for nothing."""
        self.state, self.started_at = RunState.RUNNING, now
        paths = self.graph.dimensions.known_paths
        self.states = {name: dict.fromkeys(paths(name), TaskState.NONE) for name in self.graph.order}
        self.plan(self.waiting(), now)

    def keys(self) -> list[TaskKey]:
        """Return all its task instances."""
        return [TaskKey(name, path) for name, paths in self.states.items() for path in paths]

    def waiting(self) -> list[TaskKey]:
        """Return those that nothing was decided for yet."""
        return [key for key in self.keys() if self.state_of(key) is TaskState.NONE]

    def scheduled(self) -> list[TaskKey]:
        """Return those that may run as soon as there is room."""
        return [key for key in self.scheduled_at if self.state_of(key) is TaskState.SCHEDULED]

    def state_of(self, key: TaskKey) -> TaskState:
        """Return the state of an instance."""
        return self.states[key.task_id][key.path]

    def plan(self, changed: Collection[TaskKey], now: datetime) -> None:
        """Draw what follows from a change, the end of the run included."""
        for move in self._moves(changed):
            key = TaskKey(move.task_id, move.path)
            self.states[move.task_id][move.path] = move.to
            self.reasons[key] = move.reason
            if move.to is TaskState.SCHEDULED:
                self.scheduled_at[key] = now
            elif key in self.began:
                self.ended[key] = now
        if all(state in FINISHED for paths in self.states.values() for state in paths.values()):
            leaves = {name: self.states[name] for name in self.graph.leaves}
            self.state, self.ended_at = finish(self.graph, leaves).state, now

    def begin_task(self, key: TaskKey, now: datetime) -> timedelta:
        """Have a task run; return how long this try takes."""
        self.tries[key] += 1
        self.began.setdefault(key, now)
        self.states[key.task_id][key.path] = TaskState.RUNNING
        return self.assumed.duration(self.graph.spec.dag_id, key.task_id, self.due.logical_date)

    def end_task(self, key: TaskKey, try_number: int, now: datetime) -> Settled | None:
        """End a try as assumed; None where the task was stopped meanwhile."""
        if self.state_of(key) is not TaskState.RUNNING or self.tries[key] != try_number:
            return None
        spec = self.graph.tasks[key.task_id]
        fails = self.assumed.fails(self.graph.spec.dag_id, key.task_id, self.due.logical_date, try_number)
        outcome = _FAILURE if fails else _NOTHING
        settled = settle(
            outcome, spec, try_number=try_number, max_tries=spec.retries + 1, losses=0, now=now, chance=0.0
        )
        self.states[key.task_id][key.path] = settled.task
        self.reasons[key], self.ended[key] = settled.reason, now
        if settled.retry_at is None:
            self.plan([key], now)
        return settled

    def retry(self, key: TaskKey, now: datetime) -> None:
        """Let a task be tried again, unless it was stopped meanwhile."""
        if self.state_of(key) is TaskState.UP_FOR_RETRY:
            self.states[key.task_id][key.path] = TaskState.SCHEDULED
            self.scheduled_at[key] = now

    def _moves(self, changed: Collection[TaskKey]) -> Sequence[Move]:
        past = self.before.states if self.before and self.graph.looks_back else None
        broken = [key for key in changed if self.state_of(key) is TaskState.FAILED]
        if not self.graph.is_mapped or (self.graph.spec.fail_fast and broken):
            return plan(self.graph, changed, self.states, past=past).moves
        return MappedPlanner(self.graph, self.states, self._measure, MOST_ITEMS).plan(changed)

    def _measure(self, place: Place) -> Length | None:
        """Return how long the list is that is mapped over: as assumed, or one item an instance that succeeded."""
        states = self.states[place.scope.task_id]
        succeeded = [path for path, state in states.items() if state is TaskState.SUCCESS]
        if is_of_many(self.graph, place.scope):
            return sum(_is_below(path, place.scope) for path in succeeded)
        if place.scope.path not in succeeded:
            return None
        return self.assumed.length(self.graph.spec.dag_id, place.source.task_id)

    def record(self) -> SimulatedRun:
        """Return what came of it."""
        spec, due = self.graph.spec, self.due
        return SimulatedRun(
            dag_id=spec.dag_id,
            run_id=scheduled_run_id(due.logical_date),
            logical_date=due.logical_date,
            run_after=due.run_at,
            created_at=self.created_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            state=str(self.state),
            tasks=tuple(self._record_of(key) for key in self.keys()),
        )

    def _record_of(self, key: TaskKey) -> SimulatedTask:
        return SimulatedTask(
            task_id=named(*key),
            state=str(self.state_of(key)),
            tries=self.tries[key],
            started_at=self.began.get(key),
            ended_at=self.ended.get(key),
            reason=self.reasons.get(key, ""),
        )


def _is_below(path: str, scope: Scope) -> bool:
    return is_within(path, scope.path)
