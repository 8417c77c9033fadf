"""Running a whole DAG in this process: the planner of the scheduler, the attempts of a worker, no server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from scheduler.clock import SystemClock
from scheduler.core.expansion import Length, Place, is_of_many
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey, named
from scheduler.core.loops import after
from scheduler.core.plan import FinishRun
from scheduler.core.settle import reason_of, settle
from scheduler.core.states import FINISHED, RunState, TaskState
from scheduler.items import describe, length_of
from scheduler.runtime.child.attempt import perform
from scheduler.sdk.dag import DAG
from scheduler.sdk.dag_arguments import AirflowTestArguments
from scheduler.sdk.serialize import to_spec
from scheduler.testing.agenda import Agenda, Entry
from scheduler.testing.airflow_arguments import take
from scheduler.testing.answering import Answer, answer_here
from scheduler.testing.capture import captured
from scheduler.testing.clocks import StandingClock, TestClock
from scheduler.testing.given import Given, check_task, read_given
from scheduler.testing.local_channel import LocalChannel
from scheduler.testing.mocks import Script, played, read_scripts
from scheduler.testing.report import Report, logs_shown
from scheduler.testing.result import RunResult, TriedTask
from scheduler.testing.run_info import describe_run, zoned
from scheduler.testing.run_states import RunStates
from scheduler.testing.waiting import wait_here
from scheduler.wire import DagSpec, ErrorInfo, Job, Outcome, RunInfo

#: How often a task may ask to be called again in one try; then the test gives up on it.
_MOST_CALLS: Final = 2000


def run_dag(
    dag: DAG,
    *,
    conf: Mapping[str, Any] | None = None,
    logical_date: datetime | None = None,
    variables: Mapping[str, Any] | None = None,
    connections: Mapping[str, Any] | None = None,
    mocks: Mapping[str, Any] | None = None,
    fail: Mapping[str, int | Collection[int]] | None = None,
    answers: Mapping[str, Answer] | None = None,
    now: datetime | None = None,
    only: Collection[str] | None = None,
    xcoms: Mapping[str, Any] | None = None,
    airflow: AirflowTestArguments | None = None,
) -> RunResult:
    """Run the DAG; see `DAG.test`. Raises BadParams, and what `to_spec` raises."""
    also = take(dag, airflow or {})
    for task_id in answers or {}:
        check_task(dag, task_id)
    given = replace(read_given(dag, only or also.only, xcoms or {}), answers=answers or {})
    clock = TestClock(SystemClock() if now is None else StandingClock(zoned("now", now)))
    spec = to_spec(dag, dag.fileloc)
    run = describe_run(spec, conf or {}, logical_date or also.logical_date or clock.now())
    variables = {**also.variables, **(variables or {})}
    channel = LocalChannel(dag.dag_id, variables, {**also.connections, **(connections or {})})
    scripts = read_scripts(dag, mocks or {}, fail or {})
    return run_given(dag, spec, run, channel, clock, given, scripts)


def run_given(
    dag: DAG,
    spec: DagSpec,
    run: RunInfo,
    channel: LocalChannel,
    clock: TestClock,
    given: Given,
    scripts: Mapping[str, Script],
) -> RunResult:
    """Run what is not taken for granted."""
    with logs_shown(), played(dag, scripts, clock):
        return _TestRun(dag, spec, run, channel, clock, given).to_end()


@dataclass(slots=True)
class _TestRun:
    """One run on its way to its end."""

    dag: DAG
    spec: DagSpec
    run: RunInfo
    channel: LocalChannel
    clock: TestClock
    given: Given
    states: RunStates = field(init=False)
    graph: TaskGraph = field(init=False)
    report: Report = field(init=False)
    tries: Counter[TaskKey] = field(default_factory=Counter)
    errors: dict[str, ErrorInfo] = field(default_factory=dict)
    agenda: Agenda = field(default_factory=Agenda)
    ended: list[TriedTask] = field(default_factory=list)
    logs: dict[TaskKey, str] = field(default_factory=dict)
    begun: dict[TaskKey, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graph = TaskGraph(self.spec)
        self.report = Report(self.clock)
        self.states = RunStates(self.graph, self.given.states_at_first(self.graph), self._measure)
        self.channel.xcoms.update(self.given.xcoms)
        self.channel.count_instances = self.states.count_beside

    def to_end(self) -> RunResult:
        """Plan, run what is ready, plan again, until nothing is left."""
        self._plan([key for key in self.states.instances() if self._begins(key)])
        while entry := self.agenda.next(self.clock):
            if self.states.of(entry.key) not in FINISHED:
                self._plan(self._go_on(entry))
        ended = self.states.finish()
        self._call_back(ended)
        result = self._result(ended)
        self.report.summary(result)
        return result

    def _begins(self, key: TaskKey) -> bool:
        if self.given.only is not None:
            return self.states.of(key) is TaskState.NONE
        is_free = key.task_id in self.graph.roots or self.graph.tasks[key.task_id].trigger_rule == "always"
        return is_free or self.graph.dimensions.is_empty(key)

    def _plan(self, changed: Collection[TaskKey]) -> None:
        for move in self.states.draw(changed):
            if move.to is TaskState.SCHEDULED:
                self.agenda.add(TaskKey(move.task_id, move.path))
            elif move.reason:
                self.report.moved(named(move.task_id, move.path), move.to, move.reason)

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

    def _go_on(self, entry: Entry) -> set[TaskKey]:
        """Try a task, or call it again in the same try; return the tasks that ended by that."""
        key, spec = entry.key, self.graph.tasks[entry.key.task_id]
        self.channel.task_id, self.channel.path = key
        self.channel.put_off = entry.looks
        job = self._resumed(entry) if entry.job else self._begin(key)
        outcome = self._perform(job)
        if outcome.state in _PUT_OFF and entry.looks >= _MOST_CALLS:
            outcome = _in_vain(outcome)
        settled = settle(
            outcome,
            spec,
            try_number=job.try_number,
            max_tries=job.max_tries,
            losses=0,
            now=self.clock.now(),
            chance=0.0,
        )
        self.states.put(key, settled.task)
        if outcome.state in _PUT_OFF:
            self._put_off(entry, job, outcome, settled.retry_at)
            return set()
        self._note_end(job, outcome)
        if settled.retry_at is not None:
            self.agenda.put_off(settled.retry_at, Entry(key))
            return set()
        return self._end(key, outcome)

    def _begin(self, key: TaskKey) -> Job:
        self.tries[key] += 1
        self.channel.forget(*key)
        self.logs[key], self.begun[key] = "", self.clock.now()
        job = self._job(key)
        self.report.started(job)
        return job

    def _resumed(self, entry: Entry) -> Job:
        """Return the job that is called again, after what it waits for has come."""
        assert entry.job is not None
        if entry.wait is None:
            return entry.job
        if (asked := entry.wait.question) is not None:
            answer = answer_here(entry.key.task_id, asked, self.given.answers, self.clock.now())
            return replace(entry.job, resume=answer)
        return replace(entry.job, resume=wait_here(entry.job, entry.wait, self.channel, self.clock))

    def _perform(self, job: Job) -> Outcome:
        with captured() as said:
            outcome = perform(self.dag, job, self.channel, self.clock)
        self.logs[TaskKey(job.task_id, job.path)] += said.getvalue()
        if outcome.state == "cancelled":
            raise SystemExit("asked to stop")
        return outcome

    def _put_off(self, entry: Entry, job: Job, outcome: Outcome, at: datetime | None) -> None:
        since = job.waiting_since or self.begun[entry.key].isoformat()
        again = replace(job, waiting_since=since, resume=None)
        wait = outcome if outcome.deferral or outcome.question else None
        if outcome.question and entry.key.task_id in self.given.answers:
            at = None
        self.agenda.put_off(at or self.clock.now(), Entry(entry.key, again, wait, entry.looks + 1))

    def _note_end(self, job: Job, outcome: Outcome) -> None:
        key = TaskKey(job.task_id, job.path)
        self.report.ended(job, outcome)
        tried = TriedTask(
            task_id=named(*key),
            try_number=job.try_number,
            state=outcome.state,
            reason=reason_of(outcome),
            started_at=self.begun[key],
            ended_at=self.clock.now(),
            log=self.logs[key],
        )
        self.ended.append(tried)

    def _end(self, key: TaskKey, outcome: Outcome) -> set[TaskKey]:
        for name, value in outcome.xcoms.items():
            self.channel.xcoms[key.task_id, name, key.path] = value
        if outcome.error is not None:
            self.errors[named(*key)] = outcome.error
        return {key} | self._iterate(key, outcome) | self.states.skip(key, outcome.skip_tasks)

    def _iterate(self, key: TaskKey, outcome: Outcome) -> set[TaskKey]:
        """Begin the iteration that follows, where one does."""
        if not outcome.is_again:
            return set()
        following = TaskKey(key.task_id, after(key.path))
        self.states.put(following, TaskState.NONE)
        return {following}

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

    def _call_back(self, ended: FinishRun) -> None:
        kind = "success" if ended.state is RunState.SUCCESS else "failure"
        if getattr(self.dag, f"on_{kind}_callback"):
            job = self._job(TaskKey(""), kind="dag_callback", callback=kind, reason=ended.reason)
            perform(self.dag, job, self.channel, self.clock)

    def _result(self, ended: FinishRun) -> RunResult:
        keys = self.states.instances()
        return RunResult(
            dag_id=self.run.dag_id,
            run_id=self.run.run_id,
            state=str(ended.state),
            reason=ended.reason,
            task_states={named(*key): str(self.states.of(key)) for key in keys},
            tries={named(*key): self.tries[key] for key in keys},
            errors=self.errors,
            rendered=self.channel.rendered,
            artifacts=tuple(self.channel.artifacts.values()),
            variables=self.channel.variables,
            kept=self.channel.kept(self.graph.loops),
            attempts=tuple(self.ended),
            returning=tuple(task.task_id for task in self.spec.tasks if task.returns_dag_result),
        )


def _in_vain(outcome: Outcome) -> Outcome:
    words = f"called {_MOST_CALLS:,} times in vain: {outcome.reason or outcome.state}"
    error = ErrorInfo(type="SensorTimeout", message=words, line=f"SensorTimeout: {words}")
    return replace(outcome, state="failed", retryable=False, error=error, reason=words, deferral=None)


#: Outcomes of tasks that are called again in the same try.
_PUT_OFF: Final = frozenset({"reschedule", "deferred", "awaiting_input"})
