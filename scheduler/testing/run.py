"""Running a whole DAG in this process: the planner of the scheduler, the attempts of a worker, no server."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from scheduler.clock import Clock, SystemClock
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey, manual_run_id
from scheduler.core.plan import FinishRun, finish, plan
from scheduler.core.states import FINISHED, RunState, TaskState
from scheduler.errors import BadConf, NaiveDate
from scheduler.runtime.child.attempt import perform
from scheduler.sdk.dag import DAG
from scheduler.sdk.serialize import to_spec
from scheduler.testing.local_channel import LocalChannel
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
    tries: dict[str, int] = field(init=False)
    errors: dict[str, ErrorInfo] = field(default_factory=dict)
    ready: deque[str] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.graph = TaskGraph(self.spec)
        self.report = Report(self.clock)
        self.states = {task.task_id: {"": TaskState.NONE} for task in self.spec.tasks}
        self.tries = dict.fromkeys(self.states, 0)

    def to_end(self) -> RunResult:
        """Plan, run what is ready, plan again, until nothing is left."""
        self._plan(self.graph.roots)
        while self.ready:
            task_id = self.ready.popleft()
            if self._state(task_id) is TaskState.SCHEDULED:
                self._plan(self._run_task(task_id))
        ended = self._finish()
        self._call_back(ended)
        result = self._result(ended)
        self.report.summary(result)
        return result

    def _state(self, task_id: str) -> TaskState:
        return self.states[task_id][""]

    def _plan(self, changed: Collection[str]) -> None:
        for move in plan(self.graph, [TaskKey(task_id) for task_id in changed], self.states).moves:
            self.states[move.task_id][move.path] = move.to
            if move.to is TaskState.SCHEDULED:
                self.ready.append(move.task_id)
            elif move.reason:
                self.report.moved(move.task_id, move.to, move.reason)

    def _run_task(self, task_id: str) -> set[str]:
        """Run a task through all its tries; return the tasks whose state changed."""
        outcome = self._attempt(task_id)
        while (
            outcome.state == "failed" and outcome.retryable and self.tries[task_id] < self._max_tries(task_id)
        ):
            outcome = self._attempt(task_id)
        self.channel.xcoms |= {(task_id, key): value for key, value in outcome.xcoms.items()}
        self.states[task_id][""] = TaskState(_STATES[outcome.state])
        if outcome.error is not None:
            self.errors[task_id] = outcome.error
        return {task_id} | self._skip(outcome.skip_tasks)

    def _attempt(self, task_id: str) -> Outcome:
        self.tries[task_id] += 1
        self.channel.task_id = task_id
        self.channel.xcoms = {
            where: each for where, each in self.channel.xcoms.items() if where[0] != task_id
        }
        job = self._job(task_id)
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

    def _job(self, task_id: str, **more: Any) -> Job:
        return Job(
            attempt_id=0,
            epoch=0,
            kind=more.pop("kind", "task"),
            code_root=str(self.dag.folder),
            file=self.dag.fileloc,
            run=self.run,
            task_id=task_id,
            try_number=self.tries.get(task_id, 1),
            max_tries=self._max_tries(task_id) if task_id else 1,
            **more,
        )

    def _max_tries(self, task_id: str) -> int:
        return self.graph.tasks[task_id].retries + 1

    def _skip(self, task_ids: Collection[str]) -> set[str]:
        skipped = {task_id for task_id in task_ids if self._state(task_id) not in FINISHED}
        for task_id in skipped:
            self.states[task_id][""] = TaskState.SKIPPED
        return skipped

    def _finish(self) -> FinishRun:
        leaves = {task_id: self.states[task_id] for task_id in self.graph.leaves}
        failed = {task_id for task_id, paths in self.states.items() if TaskState.FAILED in paths.values()}
        return finish(self.graph, leaves, failed=failed)

    def _call_back(self, ended: FinishRun) -> None:
        kind = "success" if ended.state is RunState.SUCCESS else "failure"
        if getattr(self.dag, f"on_{kind}_callback"):
            job = self._job("", kind="dag_callback", callback=kind, reason=ended.reason)
            perform(self.dag, job, self.channel, self.clock)

    def _result(self, ended: FinishRun) -> RunResult:
        return RunResult(
            dag_id=self.run.dag_id,
            run_id=self.run.run_id,
            state=str(ended.state),
            reason=ended.reason,
            task_states={task_id: str(paths[""]) for task_id, paths in self.states.items()},
            tries=self.tries,
            errors=self.errors,
            rendered=self.channel.rendered,
            artifacts=tuple(self.channel.artifacts.values()),
            variables=self.channel.variables,
            kept=self.channel.xcoms,
        )


_AGAIN: Final = frozenset({"reschedule", "deferred"})
_STATES: Final = {"success": "success", "skipped": "skipped"} | dict.fromkeys(["failed", *_AGAIN], "failed")
