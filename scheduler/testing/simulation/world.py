"""The time of a simulation: from instant to instant at which something happens."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final, TypeAlias

from scheduler.core.admission import Candidate, Limits, Room, admit
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.states import RUN_FINISHED, RunState, TaskState
from scheduler.core.timetables import Due, following
from scheduler.errors import BadSchedule
from scheduler.sdk.dag import DAG
from scheduler.sdk.serialize import to_spec
from scheduler.testing.run_info import zoned
from scheduler.testing.simulation.assumptions import Assumptions
from scheduler.testing.simulation.plans import planned_runs
from scheduler.testing.simulation.record import Simulation
from scheduler.testing.simulation.running import Run

_QUEUE: Final = "simulated"
_DEFAULT_POOL: Final = "default_pool"
_ANY: Final = 10**9

Act: TypeAlias = Callable[[datetime], None]


def simulate(dags: DAG | Iterable[DAG], start: datetime, end: datetime, **assumed: Any) -> Simulation:
    """Return the runs that the schedules of these DAGs make from `start` and before `end`, as if first seen at `start`.

    Each run that is created goes on to its end. `assumed` are the fields of `Assumptions`: `durations`,
    `default_duration`, `fail`, `lengths`, `iterations`, `pools`, `slots`, `most_runs`. Not simulated are runs that
    start by assets or by hand, and time limits of sensors. Raises BadSchedule, BadDag, NaiveDate.
    """
    chosen = [dags] if isinstance(dags, DAG) else list(dags)
    specs = [to_spec(dag, dag.fileloc) for dag in chosen]
    assumptions = Assumptions(**assumed)
    assumptions.check(specs)
    first, last = zoned("start", start), zoned("end", end)
    if last <= first:
        raise BadSchedule(f"A simulation from {first} until {last} has no time to pass.")
    world = _World(assumptions, last)
    for dag, spec in zip(chosen, specs, strict=True):
        world.add(_Scheduled(TaskGraph(spec), partial(planned_runs, dag, spec)), first)
    return Simulation(start=first, end=last, runs=tuple(run.record() for run in world.to_end()))


@dataclass(slots=True, eq=False)
class _Scheduled:
    """A DAG with its next due run, and the runs that have not ended."""

    graph: TaskGraph
    plan_ahead: Callable[[Due | None, datetime], Sequence[Due]]
    due: Due | None = None
    newest: Run | None = None
    active: list[Run] = field(default_factory=list)

    @property
    def most_active(self) -> int:
        """How many runs there may be at once."""
        return 1 if self.graph.spec.schedule.kind == "continuous" else self.graph.spec.max_active_runs

    def next_after(self, last: Due | None, now: datetime) -> Due | None:
        """Return the run that is due after another."""
        return following(self.graph.spec, last, now, self.plan_ahead(last, now))

    def overtaken(self, due: Due, now: datetime) -> Due:
        """Return what is to be created now: without catchup, a later run that is due too."""
        newer = None if self.graph.spec.catchup else self.next_after(due, now)
        return newer if newer is not None and newer.run_at <= now else due


@dataclass(slots=True)
class _World:
    """All that happens, in its order."""

    assumed: Assumptions
    end: datetime
    dags: list[_Scheduled] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    _events: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _turns: count[int] = field(default_factory=count)
    _running: list[tuple[Run, TaskKey]] = field(default_factory=list)

    def add(self, dag: _Scheduled, now: datetime) -> None:
        """Add a DAG that is seen for the first time."""
        self.dags.append(dag)
        self._expect(dag, None, now)

    def to_end(self) -> list[Run]:
        """Let all happen; return the runs."""
        while self._events:
            now = self._events[0][0]
            while self._events and self._events[0][0] == now:
                heapq.heappop(self._events)[2](now)
            while self._create(now) or self._start(now) or self._admit(now):
                pass
        return self.runs

    def _at(self, instant: datetime, act: Act) -> None:
        heapq.heappush(self._events, (instant, next(self._turns), act))

    def _expect(self, dag: _Scheduled, last: Due | None, now: datetime) -> None:
        dag.due = dag.next_after(last, now)
        if dag.due is not None and dag.due.run_at < self.end:
            self._at(max(now, dag.due.run_at), _nothing)

    def _create(self, now: datetime) -> int:
        made = 0
        for dag in self.dags:
            dag.active = [run for run in dag.active if run.state not in RUN_FINISHED]
            if dag.due and dag.due.run_at <= now < self.end and len(dag.active) < dag.most_active:
                self._create_run(dag, dag.overtaken(dag.due, now), now)
                made += 1
        return made

    def _create_run(self, dag: _Scheduled, due: Due, now: datetime) -> None:
        if len(self.runs) >= self.assumed.most_runs:
            raise BadSchedule(
                f"These schedules make more than {self.assumed.most_runs:,} runs: simulate less time, "
                f"or give tasks a duration."
            )
        run = Run(len(self.runs), dag.graph, due, now, self.assumed, dag.newest)
        if dag.newest is not None:
            dag.newest.after = run
        dag.newest = run
        dag.active.append(run)
        self.runs.append(run)
        self._expect(dag, due, now)

    def _start(self, now: datetime) -> int:
        """Start queued runs where there is room, the oldest first."""
        started = 0
        for dag in self.dags:
            room = dag.most_active - sum(run.state is RunState.RUNNING for run in dag.active)
            for run in [run for run in dag.active if run.state is RunState.QUEUED][:room]:
                run.start(now)
                started += 1
                if (limit_s := run.graph.spec.dagrun_timeout_s) is not None:
                    self._at(now + timedelta(seconds=limit_s), partial(self._time_out, run))
        return started

    def _admit(self, now: datetime) -> int:
        """Have tasks run for which there is room."""
        waiting = {
            (run.number, key): run for dag in self.dags for run in dag.active for key in run.scheduled()
        }
        if not waiting:
            return 0
        candidates = [_candidate(place, run, key) for place, ((_, key), run) in enumerate(waiting.items())]
        answer = admit(candidates, self._limits(candidates))
        for each in answer.held:
            waiting[each.candidate.run_pk, each.candidate.key].reasons[each.candidate.key] = each.reason
        for admitted in answer.admitted:
            self._begin(waiting[admitted.run_pk, admitted.key], admitted.key, now)
        return len(answer.admitted)

    def _begin(self, run: Run, key: TaskKey, now: datetime) -> None:
        took = run.begin_task(key, now)
        self._running.append((run, key))
        self._at(now + took, partial(self._end_task, run, key, run.tries[key]))

    def _end_task(self, run: Run, key: TaskKey, try_number: int, now: datetime) -> None:
        settled = run.end_task(key, try_number, now)
        if settled is not None and settled.retry_at is not None:
            self._at(settled.retry_at, partial(run.retry, key))
        self._forget_ended(run, now)

    def _forget_ended(self, run: Run, now: datetime) -> None:
        """Give back the places of what no longer runs, and let the run go on that looks back at this one."""
        self._running = [(each, of) for each, of in self._running if each.states.of(of) is TaskState.RUNNING]
        if run.graph.looks_back and run.after and run.after.state is RunState.RUNNING:
            run.after.plan(run.after.waiting(), now)

    def _time_out(self, run: Run, now: datetime) -> None:
        run.time_out(now)
        self._forget_ended(run, now)

    def _limits(self, candidates: Iterable[Candidate]) -> Limits:
        taken: Counter[str] = Counter()
        in_run: Counter[int] = Counter()
        of_task: Counter[tuple[str, str]] = Counter()
        of_run: Counter[tuple[int, str]] = Counter()
        for run, key in self._running:
            spec = run.graph.tasks[key.task_id]
            taken[spec.pool] += spec.pool_slots
            in_run[run.number] += 1
            of_task[run.graph.spec.dag_id, key.task_id] += 1
            of_run[run.number, key.task_id] += 1
        pools = {_DEFAULT_POOL: 128} | dict(self.assumed.pools)
        return Limits(
            pools={each.pool: Room(pools.get(each.pool, _ANY), taken[each.pool]) for each in candidates},
            queues={
                _QUEUE: Room(_ANY if self.assumed.slots is None else self.assumed.slots, len(self._running))
            },
            runs={
                run.number: Room(run.graph.spec.max_active_tasks, in_run[run.number])
                for dag in self.dags
                for run in dag.active
            },
            active_in_dag=of_task,
            active_in_run=of_run,
        )


def _candidate(place: int, run: Run, key: TaskKey) -> Candidate:
    spec = run.graph.tasks[key.task_id]
    return Candidate(
        ti_id=place,
        run_pk=run.number,
        dag_id=run.graph.spec.dag_id,
        task_id=key.task_id,
        path=key.path,
        queue=_QUEUE,
        pool=spec.pool,
        pool_slots=spec.pool_slots,
        priority=run.graph.weight(key.task_id),
        scheduled_at=run.scheduled_at[key],
        max_active_tis_per_dag=spec.max_active_tis_per_dag,
        max_active_tis_per_dagrun=spec.max_active_tis_per_dagrun,
    )


def _nothing(_now: datetime) -> None:
    """A run is due: what is to be done at an instant is looked for at each."""
