"""One run of a simulation: its states, drawn by the planner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scheduler.core.dimensions import is_within
from scheduler.core.expansion import Length, Place, is_of_many
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey, named, scheduled_run_id
from scheduler.core.instances import Scope
from scheduler.core.loops import after
from scheduler.core.settle import Settled, settle
from scheduler.core.states import FINISHED, RunState, TaskState
from scheduler.core.timetables import Due
from scheduler.testing.run_states import RunStates
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
    states: RunStates = field(init=False)
    tries: Counter[TaskKey] = field(default_factory=Counter)
    scheduled_at: dict[TaskKey, datetime] = field(default_factory=dict)
    began: dict[TaskKey, datetime] = field(default_factory=dict)
    ended: dict[TaskKey, datetime] = field(default_factory=dict)
    reasons: dict[TaskKey, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        paths = self.graph.dimensions.known_paths
        first = {name: dict.fromkeys(paths(name), TaskState.NONE) for name in self.graph.order}
        self.states = RunStates(self.graph, first, self._measure)

    def start(self, now: datetime) -> None:
        """Begin, with what waits for nothing."""
        self.state, self.started_at = RunState.RUNNING, now
        self.plan(self.waiting(), now)

    def waiting(self) -> list[TaskKey]:
        """Return the task instances that nothing was decided for yet."""
        return [key for key in self.states.instances() if self.states.of(key) is TaskState.NONE]

    def scheduled(self) -> list[TaskKey]:
        """Return those that may run as soon as there is room."""
        return [key for key in self.scheduled_at if self.states.of(key) is TaskState.SCHEDULED]

    def plan(self, changed: Collection[TaskKey], now: datetime) -> None:
        """Draw what follows from a change, the end of the run included."""
        past = self.before.states.by_task if self.before and self.graph.looks_back else None
        for move in self.states.draw(changed, past):
            key = TaskKey(move.task_id, move.path)
            self.reasons[key] = move.reason
            if move.to is TaskState.SCHEDULED:
                self.scheduled_at[key] = now
            elif key in self.began:
                self.ended[key] = now
        if self.states.are_final:
            self.state, self.ended_at = self.states.finish().state, now

    def begin_task(self, key: TaskKey, now: datetime) -> timedelta:
        """Have a task run; return how long this try takes."""
        self.tries[key] += 1
        self.began.setdefault(key, now)
        self.states.put(key, TaskState.RUNNING)
        limit_s = self.graph.tasks[key.task_id].execution_timeout_s
        took = self._takes(key)
        return took if limit_s is None else min(took, timedelta(seconds=limit_s))

    def _takes(self, key: TaskKey) -> timedelta:
        return self.assumed.duration(self.graph.spec.dag_id, key.task_id, self.due.logical_date)

    def end_task(self, key: TaskKey, try_number: int, now: datetime) -> Settled | None:
        """End a try as assumed; None where the task was stopped meanwhile."""
        if self.states.of(key) is not TaskState.RUNNING or self.tries[key] != try_number:
            return None
        spec = self.graph.tasks[key.task_id]
        outcome = self._outcome(key, try_number)
        settled = settle(
            outcome, spec, try_number=try_number, max_tries=spec.retries + 1, losses=0, now=now, chance=0.0
        )
        self.states.put(key, settled.task)
        self.reasons[key], self.ended[key] = settled.reason, now
        if settled.retry_at is None:
            self.plan([key, *self._iterate(key, settled)], now)
        return settled

    def _outcome(self, key: TaskKey, try_number: int) -> Outcome:
        dag_id, limit_s = self.graph.spec.dag_id, self.graph.tasks[key.task_id].execution_timeout_s
        if self.assumed.fails(dag_id, key.task_id, self.due.logical_date, try_number):
            return _FAILURE
        if limit_s is not None and self._takes(key) > timedelta(seconds=limit_s):
            return replace(_FAILURE, reason=f"ran longer than execution_timeout, {limit_s:g} s")
        return _NOTHING

    def _iterate(self, key: TaskKey, settled: Settled) -> list[TaskKey]:
        """Begin the iteration that follows on one that succeeded, where one is assumed to."""
        done = int(key.path.rpartition(".")[2] or 0) + 1
        task, dag_id = self.graph.tasks[key.task_id], self.graph.spec.dag_id
        if settled.task is not TaskState.SUCCESS or not self.assumed.goes_on(dag_id, task, done):
            return []
        following = TaskKey(key.task_id, after(key.path))
        self.states.put(following, TaskState.NONE)
        return [following]

    def time_out(self, now: datetime) -> None:
        """End a run that goes on for longer than its `dagrun_timeout`."""
        if self.state is not RunState.RUNNING:
            return
        reason = f"ran longer than dagrun_timeout, {self.graph.spec.dagrun_timeout_s:g} s"
        for key in self.states.instances():
            if (state := self.states.of(key)) not in FINISHED:
                self.states.put(key, TaskState.FAILED if state is TaskState.RUNNING else TaskState.SKIPPED)
                self.reasons[key] = reason
                if key in self.began:
                    self.ended[key] = now
        self.state, self.ended_at = RunState.FAILED, now

    def retry(self, key: TaskKey, now: datetime) -> None:
        """Let a task be tried again, unless it was stopped meanwhile."""
        if self.states.of(key) is TaskState.UP_FOR_RETRY:
            self.states.put(key, TaskState.SCHEDULED)
            self.scheduled_at[key] = now

    def _measure(self, place: Place) -> Length | None:
        """Return how long the list is that is mapped over: as assumed, or one item an instance that succeeded."""
        states = self.states.by_task[place.scope.task_id]
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
            tasks=tuple(self._record_of(key) for key in self.states.instances()),
        )

    def _record_of(self, key: TaskKey) -> SimulatedTask:
        return SimulatedTask(
            task_id=named(*key),
            state=str(self.states.of(key)),
            tries=self.tries[key],
            started_at=self.began.get(key),
            ended_at=self.ended.get(key),
            reason=self.reasons.get(key, ""),
        )


def _is_below(path: str, scope: Scope) -> bool:
    return is_within(path, scope.path)
