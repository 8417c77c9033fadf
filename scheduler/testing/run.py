"""Running a whole DAG in this process: the planner of the scheduler, the attempts of a worker, no server."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from scheduler.clock import Clock, SystemClock
from scheduler.core.dimensions import in_order
from scheduler.core.expansion import MOST_ITEMS, Length, Place, is_of_many
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey, manual_run_id, named
from scheduler.core.instances import scopes_of, stands_in
from scheduler.core.plan import FinishRun, Move, finish, plan
from scheduler.core.states import FINISHED, RunState, TaskState
from scheduler.errors import BadConf, NaiveDate
from scheduler.items import describe, length_of
from scheduler.runtime.child.attempt import perform
from scheduler.sdk.dag import DAG
from scheduler.sdk.serialize import to_spec
from scheduler.testing.local_channel import LocalChannel
from scheduler.testing.mapped import MappedPlanner
from scheduler.testing.params import params_of
from scheduler.testing.report import Report, logs_shown
from scheduler.testing.result import RunResult
from scheduler.testing.waiting import wait_here
from scheduler.wire import DagSpec, ErrorInfo, Job, Outcome, RunInfo

#: A task that asks to be called again is, at once; after this many times the test gives up on it.
_MOST_CALLS: Final = 100


def run_dag(
    dag: DAG,
    *,
    conf: Mapping[str, Any] | None = None,
    logical_date: datetime | None = None,
    variables: Mapping[str, str] | None = None,
    connections: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
) -> RunResult:
    """Run the DAG; see `DAG.test`. Raises BadParams, and what `to_spec` raises."""
    ticking = clock or SystemClock()
    spec = to_spec(dag, dag.fileloc)
    run = _describe_run(spec, conf or {}, logical_date or ticking.now())
    channel = LocalChannel(dag.dag_id, variables or {}, connections or {})
    with logs_shown():
        return _TestRun(dag, spec, run, channel, ticking).to_end()


def _describe_run(spec: DagSpec, conf: Mapping[str, Any], logical_date: datetime) -> RunInfo:
    if logical_date.tzinfo is None:
        raise NaiveDate(f"logical_date={logical_date} has no time zone; write datetime(..., tzinfo=UTC).")
    moment = logical_date.isoformat()
    return RunInfo(
        dag_id=spec.dag_id,
        run_id=manual_run_id(logical_date),
        run_type="manual",
        logical_date=moment,
        data_interval_start=moment,
        data_interval_end=moment,
        run_after=moment,
        start_date=moment,
        queued_at=moment,
        conf=_as_json(conf),
        params=params_of(spec, conf),
        triggered_by="test",
    )


def _as_json(conf: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(json.loads(json.dumps(conf, allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise BadConf(f"run_conf must be JSON, as it is on the server: {error}.") from None


@dataclass(slots=True)
class _TestRun:
    """One run on its way to its end."""

    dag: DAG
    spec: DagSpec
    run: RunInfo
    channel: LocalChannel
    clock: Clock
    states: dict[str, dict[str, TaskState]] = field(init=False)
    graph: TaskGraph = field(init=False)
    report: Report = field(init=False)
    tries: Counter[TaskKey] = field(default_factory=Counter)
    errors: dict[str, ErrorInfo] = field(default_factory=dict)
    ready: deque[TaskKey] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.graph = TaskGraph(self.spec)
        self.report = Report(self.clock)
        paths = self.graph.dimensions.known_paths
        self.states = {
            task.task_id: dict.fromkeys(paths(task.task_id), TaskState.NONE) for task in self.spec.tasks
        }

    def to_end(self) -> RunResult:
        """Plan, run what is ready, plan again, until nothing is left."""
        self._plan([TaskKey(name, path) for name, path in self._all() if self._begins(name, path)])
        while self.ready:
            key = self.ready.popleft()
            if self._state(key) is TaskState.SCHEDULED:
                self._plan(self._run_task(key))
        ended = self._finish()
        self._call_back(ended)
        result = self._result(ended)
        self.report.summary(result)
        return result

    def _all(self) -> list[TaskKey]:
        return [TaskKey(name, path) for name, paths in self.states.items() for path in paths]

    def _begins(self, task_id: str, path: str) -> bool:
        return task_id in self.graph.roots or self.graph.dimensions.is_empty(TaskKey(task_id, path))

    def _state(self, key: TaskKey) -> TaskState:
        return self.states[key.task_id][key.path]

    def _plan(self, changed: Collection[TaskKey]) -> None:
        for move in self._moves(changed):
            self.states[move.task_id][move.path] = move.to
            if move.to is TaskState.SCHEDULED:
                self.ready.append(TaskKey(move.task_id, move.path))
            elif move.reason:
                self.report.moved(named(move.task_id, move.path), move.to, move.reason)

    def _moves(self, changed: Collection[TaskKey]) -> Sequence[Move]:
        if not self.graph.is_mapped or (self.spec.fail_fast and self._has_failed(changed)):
            return plan(self.graph, changed, self.states).moves
        moves = MappedPlanner(self.graph, self.states, self._measure, MOST_ITEMS).plan(changed)
        broken = [TaskKey(move.task_id, move.path) for move in moves if move.to is TaskState.FAILED]
        return [*moves, *(self._moves(broken) if broken and self.spec.fail_fast else ())]

    def _has_failed(self, keys: Collection[TaskKey]) -> bool:
        return any(self._state(key) is TaskState.FAILED for key in keys)

    def _measure(self, place: Place) -> Length | None:
        """Return the length of what is mapped over, words for what has none, None for what is not there."""
        task_id, path = place.scope
        key = place.source.key
        if is_of_many(self.graph, place.scope):
            return int(self.channel.get_xcoms(task_id, key, path=path, start=0, limit=0)["total"])
        if (task_id, key, path) not in self.channel.xcoms:
            return None
        value = self.channel.xcoms[task_id, key, path]
        length = length_of(value)
        return describe(value) if length is None else length

    def _run_task(self, key: TaskKey) -> set[TaskKey]:
        """Run a task through all its tries; return the tasks whose state changed."""
        outcome = self._attempt(key)
        while (
            outcome.state == "failed" and outcome.retryable and self.tries[key] < self._max_tries(key.task_id)
        ):
            outcome = self._attempt(key)
        for name, value in outcome.xcoms.items():
            self.channel.xcoms[key.task_id, name, key.path] = value
        self.states[key.task_id][key.path] = TaskState(_STATES[outcome.state])
        if outcome.error is not None:
            self.errors[named(*key)] = outcome.error
        return {key} | self._skip(key, outcome.skip_tasks)

    def _attempt(self, key: TaskKey) -> Outcome:
        self.tries[key] += 1
        self.channel.task_id, self.channel.path = key
        self.channel.forget(*key)
        job = self._job(key)
        self.report.started(job)
        outcome = perform(self.dag, job, self.channel, self.clock)
        calls = 1
        while outcome.state in _AGAIN and calls < _MOST_CALLS:
            outcome = perform(self.dag, self._next(job, outcome), self.channel, self.clock)
            calls += 1
        self.report.ended(job, outcome)
        if outcome.state == "cancelled":
            raise SystemExit("asked to stop")
        return outcome

    def _next(self, job: Job, outcome: Outcome) -> Job:
        """Return the job that follows on an attempt that is called again, after what it waits for has come."""
        if outcome.deferral is None:
            return job
        return replace(job, resume=wait_here(job, outcome, self.channel, self.clock.now()))

    def _job(self, key: TaskKey, **more: Any) -> Job:
        return Job(
            attempt_id=0,
            epoch=0,
            kind=more.pop("kind", "task"),
            code_root=str(self.dag.folder),
            file=self.dag.fileloc,
            run=self.run,
            task_id=key.task_id,
            path=key.path,
            try_number=self.tries.get(key, 1),
            max_tries=self._max_tries(key.task_id) if key.task_id else 1,
            **more,
        )

    def _max_tries(self, task_id: str) -> int:
        return self.graph.tasks[task_id].retries + 1

    def _skip(self, by: TaskKey, task_ids: Collection[str]) -> set[TaskKey]:
        scopes = scopes_of(self.graph, by, task_ids)
        skipped = {key for key in self._all() if stands_in(key, scopes) and self._state(key) not in FINISHED}
        for key in skipped:
            self.states[key.task_id][key.path] = TaskState.SKIPPED
        return skipped

    def _finish(self) -> FinishRun:
        leaves = {task_id: self.states[task_id] for task_id in self.graph.leaves}
        failed = {task_id for task_id, paths in self.states.items() if TaskState.FAILED in paths.values()}
        return finish(self.graph, leaves, failed=failed)

    def _call_back(self, ended: FinishRun) -> None:
        kind = "success" if ended.state is RunState.SUCCESS else "failure"
        if getattr(self.dag, f"on_{kind}_callback"):
            job = self._job(TaskKey(""), kind="dag_callback", callback=kind, reason=ended.reason)
            perform(self.dag, job, self.channel, self.clock)

    def _result(self, ended: FinishRun) -> RunResult:
        keys = self._all()
        return RunResult(
            dag_id=self.run.dag_id,
            run_id=self.run.run_id,
            state=str(ended.state),
            reason=ended.reason,
            task_states={named(*key): str(self._state(key)) for key in keys},
            tries={named(*key): self.tries[key] for key in keys},
            errors=self.errors,
            rendered=self.channel.rendered,
            artifacts=tuple(self.channel.artifacts.values()),
            variables=self.channel.variables,
            kept=self._kept(),
            returning=tuple(task.task_id for task in self.spec.tasks if task.returns_dag_result),
        )

    def _kept(self) -> dict[tuple[str, str], Any]:
        """Return what was handed on: of tasks with instances a list in the order of these."""
        kept: dict[tuple[str, str], Any] = {}
        for task_id, key, path in sorted(self.channel.xcoms, key=lambda each: in_order(each[2])):
            value = self.channel.xcoms[task_id, key, path]
            if path:
                kept.setdefault((task_id, key), []).append(value)
            else:
                kept[task_id, key] = value
        return kept


_AGAIN: Final = frozenset({"reschedule", "deferred"})
_STATES: Final = {"success": "success", "skipped": "skipped"} | dict.fromkeys(["failed", *_AGAIN], "failed")
