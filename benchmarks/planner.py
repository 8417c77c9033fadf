"""How many decisions a second the planner makes: `python -m benchmarks planner`.

A decision is one task judged (moved or held) or one candidate admitted or refused. Three graphs: a chain
whose first task fails, a fan that opens and closes, and layers of ten in which every task waits for the ten
before it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import UTC, datetime
from time import process_time

from benchmarks.figures import Figure, show
from scheduler.core.admission import Admission, Candidate, Limits, Room, admit
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.plan import plan
from scheduler.core.states import TaskState
from scheduler.wire import DagSpec, TaskSpec

SIZE = 10_000
States = dict[str, dict[str, TaskState]]


def chain(size: int) -> TaskGraph:
    """Make tasks in a row."""
    return _graph([_task(at, [at - 1] if at else []) for at in range(size)])


def fan(size: int) -> TaskGraph:
    """Make one task, all others after it, and one at the end."""
    middle = [_task(at, [0]) for at in range(1, size - 1)]
    return _graph([_task(0, []), *middle, _task(size - 1, list(range(1, size - 1)))])


def layers(size: int) -> TaskGraph:
    """Make layers of ten, each task after all of the layer before."""
    return _graph(
        [_task(at, list(range(at // 10 * 10 - 10, at // 10 * 10)) if at >= 10 else []) for at in range(size)]
    )


def fail_chain(size: int) -> Callable[[], int]:
    """Plan a failure that passes through a whole chain."""
    graph = chain(size)
    states = _states(graph, TaskState.NONE) | {"t0": {"": TaskState.FAILED}}
    return lambda: len(plan(graph, [TaskKey("t0")], states).moves)


def open_fan(size: int) -> Callable[[], int]:
    """Plan the success on which all others wait."""
    graph = fan(size)
    states = _states(graph, TaskState.NONE) | {"t0": {"": TaskState.SUCCESS}}
    return lambda: _decisions(graph, [TaskKey("t0")], states)


def new_layers(size: int) -> Callable[[], int]:
    """Plan a run of which every other layer is done."""
    graph = layers(size)
    done = {f"t{at}": {"": TaskState.SUCCESS} for at in range(size) if at // 10 % 2 == 0}
    changed = [TaskKey(task_id) for task_id in graph.order]
    return lambda: _decisions(graph, changed, _states(graph, TaskState.NONE) | done)


def admission(size: int) -> Callable[[], int]:
    """Admit half of a crowd."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    crowd = [
        Candidate(
            ti_id=at,
            run_pk=at % 50,
            dag_id="d",
            task_id=f"t{at}",
            queue="default",
            pool="p",
            priority=at % 7,
            scheduled_at=now,
        )
        for at in range(size)
    ]
    limits = Limits(
        pools={"p": Room(size)},
        queues={"default": Room(size)},
        runs={pk: Room(size // 100) for pk in range(50)},
    )
    return lambda: _answers(admit(crowd, limits))


def _decisions(graph: TaskGraph, changed: list[TaskKey], states: States) -> int:
    planned = plan(graph, changed, states)
    return len(planned.moves) + len(planned.held)


def _answers(admission: Admission) -> int:
    return len(admission.admitted) + len(admission.held)


def _task(at: int, upstream: list[int]) -> TaskSpec:
    return TaskSpec(
        task_id=f"t{at}", operator="EmptyOperator", upstream=tuple(f"t{each}" for each in upstream)
    )


def _graph(tasks: list[TaskSpec]) -> TaskGraph:
    return TaskGraph(DagSpec(dag_id="bench", file="bench.py", tasks=tuple(tasks)))


def _states(graph: TaskGraph, state: TaskState) -> States:
    return {task_id: {"": state} for task_id in graph.order}


def planner(settings: dict[str, str], runs: int) -> None:
    """The planner alone, without a database: tasks judged, or candidates admitted or refused, a second of CPU."""
    for prepare in (fail_chain, open_fan, new_layers, admission):
        work = prepare(SIZE)
        show(Figure(f"planner: {prepare.__name__}, {SIZE:,} tasks", [_rate(work) for _ in range(runs)], "/s"))
    show(Figure(f"planner: graph of {SIZE:,} tasks built", [_build(layers) for _ in range(runs)], "s"))


def _rate(work: Callable[[], int]) -> float:
    gc.collect()
    began = process_time()
    count = work()
    return count / (process_time() - began)


def _build(make: Callable[[int], TaskGraph]) -> float:
    began = process_time()
    make(SIZE).weight("t0")
    return process_time() - began
