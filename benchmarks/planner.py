"""How many decisions a second the planner makes: `python benchmarks/planner.py [tasks]`.

A decision is one task judged (moved or held) or one candidate admitted or refused. Three graphs: a chain
whose first task fails, a fan that opens and closes, and layers of ten in which every task waits for the ten
before it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter

from scheduler.core.admission import Admission, Candidate, Limits, Room, admit
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.plan import plan
from scheduler.core.states import TaskState
from scheduler.wire import DagSpec, TaskSpec

ROUNDS = 5
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


def _rate(work: Callable[[], int]) -> float:
    """Return decisions a second, the best of some rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        gc.collect()
        began = perf_counter()
        count = work()
        best = max(best, count / (perf_counter() - began))
    return best


def main() -> None:
    """Print a line a scenario."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for prepare in (fail_chain, open_fan, new_layers, admission):
        print(f"{prepare.__name__:<12} {size:>7,} tasks  {_rate(prepare(size)):>12,.0f} decisions/s")
    began = perf_counter()
    graph = layers(size)
    built = perf_counter()
    graph.weight("t0")
    weighed = perf_counter()
    print(
        f"graph        {size:>7,} tasks  built in {built - began:.3f} s, weights in {weighed - built:.3f} s"
    )


if __name__ == "__main__":
    main()
