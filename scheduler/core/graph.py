"""The graph of one version of a DAG, as the planner asks for it. Cheap for ten thousand tasks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from scheduler.core.dimensions import Dimensions
from scheduler.core.frames import gates_of, needing, turned
from scheduler.errors import BadDag, DagCycle, DuplicateTask
from scheduler.wire import DagSpec, TaskSpec

if TYPE_CHECKING:
    import networkx as nx

#: Priorities are stored as 32-bit integers, as in Airflow.
HEAVIEST: Final = 2**31 - 1


class TaskGraph:
    """Tasks and the arrows between them. Built once a version; never changed.

    Raises DagCycle, DuplicateTask, and BadDag for an arrow from a task that does not exist or an unknown
    weight rule.
    """

    def __init__(self, spec: DagSpec) -> None:
        self.spec = spec
        self.tasks: Mapping[str, TaskSpec] = _by_id(spec)
        self._graph = _digraph(spec, self.tasks)
        self.order: tuple[str, ...] = _sorted(spec, self._graph, self.tasks)
        self.index: Mapping[str, int] = {task_id: place for place, task_id in enumerate(self.order)}
        self._upstream = {task_id: frozenset(self._graph.pred[task_id]) for task_id in self.order}
        self._downstream = {task_id: frozenset(self._graph.succ[task_id]) for task_id in self.order}

    def upstream(self, task_id: str) -> frozenset[str]:
        """Return the tasks that `task_id` directly waits for."""
        return self._upstream[task_id]

    def downstream(self, task_id: str) -> frozenset[str]:
        """Return the tasks that directly wait for `task_id`."""
        return self._downstream[task_id]

    def waits(self, task_id: str) -> frozenset[str]:
        """Return all that is to be known before `task_id` begins: its upstream, and what `core.frames` adds."""
        gates = self.gates.get(task_id)
        return self._upstream[task_id] | gates if gates else self._upstream[task_id]

    def wakes(self, task_id: str) -> frozenset[str]:
        """Return the tasks for which it matters that `task_id` has ended."""
        more = self._behind_gates.get(task_id)
        return self._downstream[task_id] | more if more else self._downstream[task_id]

    @cached_property
    def gates(self) -> Mapping[str, frozenset[str]]:
        """What tasks wait for beside their direct upstream, by the setups and teardowns around them."""
        return gates_of(self, self._needing)

    @cached_property
    def _needing(self) -> Mapping[str, frozenset[str]]:
        return {setup: needing(self, setup) for setup in self.setups}

    @cached_property
    def _behind_gates(self) -> Mapping[str, frozenset[str]]:
        return turned(self.gates)

    def descendants(self, task_ids: Iterable[str]) -> set[str]:
        """Return every task that waits for one of these, directly or not; not these themselves."""
        return _reach(task_ids, self._downstream)

    def ancestors(self, task_ids: Iterable[str]) -> set[str]:
        """Return every task that one of these waits for, directly or not; not these themselves."""
        return _reach(task_ids, self._upstream)

    @cached_property
    def is_mapped(self) -> bool:
        """Whether a task has instances whose number is known only when a run has come so far."""
        of_tasks = any(task.mapping or task.loop for task in self.spec.tasks)
        return of_tasks or any(each.mapping for each in self.spec.groups)

    @cached_property
    def loops(self) -> frozenset[str]:
        """The tasks that are done again and again."""
        return frozenset(task.task_id for task in self.spec.tasks if task.loop)

    @cached_property
    def dimensions(self) -> Dimensions:
        """Along what its tasks are mapped."""
        return Dimensions(self.spec)

    @cached_property
    def roots(self) -> frozenset[str]:
        """The tasks that wait for nothing."""
        return frozenset(task_id for task_id in self.order if not self._upstream[task_id])

    @cached_property
    def looks_back(self) -> bool:
        """Whether a task waits for one of the run before."""
        return any(task.depends_on_past or task.wait_for_downstream for task in self.tasks.values())

    @cached_property
    def leaves(self) -> frozenset[str]:
        """The tasks that decide how a run ends: nothing waits for them but teardowns, which decide if they say so."""
        aside = {task_id for task_id in self.teardowns if self.tasks[task_id].role == "teardown"}
        found = (task_id for task_id in self.order if self._downstream[task_id] <= aside)
        return frozenset(found) - aside or frozenset(aside)

    @cached_property
    def setups(self) -> frozenset[str]:
        """The tasks that make what others need."""
        return frozenset(task_id for task_id, task in self.tasks.items() if task.role == "setup")

    @cached_property
    def teardowns(self) -> frozenset[str]:
        """The tasks that take away what setups made."""
        return frozenset(task_id for task_id, task in self.tasks.items() if task.role not in (None, "setup"))

    def framing(self, task_ids: Collection[str]) -> set[str]:
        """Return the setups that these tasks need to run again and the teardowns of those, but for these tasks.

        A setup that runs again is taken away again.
        """
        chosen = frozenset(task_ids)
        found: set[str] = set()
        for setup, tasks in self._needing.items():
            if not chosen.isdisjoint(tasks - self.setups):
                found.add(setup)
            if setup in found or setup in chosen:
                found |= self._undoing(setup)
        return found - chosen

    def _undoing(self, setup: str) -> frozenset[str]:
        return self._downstream[setup] & self.teardowns

    def weight(self, task_id: str) -> int:
        """Return the effective priority: own weight plus that of all tasks that the weight rule counts."""
        return _WEIGHTS[self.tasks[task_id].weight_rule](self, task_id)

    @cached_property
    def _weights_downstream(self) -> Mapping[str, int]:
        return _totals(tuple(reversed(self.order)), self._downstream, self.tasks)

    @cached_property
    def _weights_upstream(self) -> Mapping[str, int]:
        return _totals(self.order, self._upstream, self.tasks)

    def _weight_downstream(self, task_id: str) -> int:
        return self._weights_downstream[task_id]

    def _weight_upstream(self, task_id: str) -> int:
        return self._weights_upstream[task_id]

    def _weight_absolute(self, task_id: str) -> int:
        return _bounded(self.tasks[task_id].priority_weight)


_WEIGHTS: Final[Mapping[str, Callable[[TaskGraph, str], int]]] = {
    "downstream": TaskGraph._weight_downstream,
    "upstream": TaskGraph._weight_upstream,
    "absolute": TaskGraph._weight_absolute,
}
WEIGHT_RULES: Final = frozenset(_WEIGHTS)


@cache
def _networkx() -> Any:  # noqa: ANN401 - a module
    """Load it with the first graph: it is large, and a server without DAGs does without."""
    return import_module("networkx")


def find_cycle(edges: Iterable[tuple[str, str]]) -> list[str] | None:
    """Return the tasks of one circle in the order of its arrows, or None where there is none."""
    networkx = _networkx()
    try:
        circle = networkx.find_cycle(networkx.DiGraph(list(edges)))
    except networkx.NetworkXNoCycle:
        return None
    return [edge[0] for edge in circle]


def _by_id(spec: DagSpec) -> dict[str, TaskSpec]:
    tasks: dict[str, TaskSpec] = {}
    for task in spec.tasks:
        if task.task_id in tasks:
            raise DuplicateTask(spec.dag_id, task.task_id)
        if task.weight_rule not in WEIGHT_RULES:
            raise BadDag(
                f"Task {task.task_id!r} has weight_rule {task.weight_rule!r}; "
                f"use one of {', '.join(sorted(WEIGHT_RULES))}."
            )
        tasks[task.task_id] = task
    return tasks


def _digraph(spec: DagSpec, tasks: Collection[str]) -> nx.DiGraph[str]:
    graph: nx.DiGraph[str] = _networkx().DiGraph()
    graph.add_nodes_from(tasks)
    for task in spec.tasks:
        for upstream in task.upstream:
            if upstream not in tasks:
                raise BadDag(
                    f"Task {task.task_id!r} waits for {upstream!r}, which DAG {spec.dag_id!r} does not have."
                )
            graph.add_edge(upstream, task.task_id)
    return graph


def _sorted(spec: DagSpec, graph: nx.DiGraph[str], tasks: Iterable[str]) -> tuple[str, ...]:
    """Order topologically; where the arrows leave a choice, as declared."""
    declared = {task_id: place for place, task_id in enumerate(tasks)}
    try:
        return tuple(_networkx().lexicographical_topological_sort(graph, key=declared.__getitem__))
    except _networkx().NetworkXUnfeasible:
        raise DagCycle(spec.dag_id, find_cycle(graph.edges) or []) from None


def _reach(task_ids: Iterable[str], neighbours: Mapping[str, frozenset[str]]) -> set[str]:
    start = frozenset(task_ids)
    seen: set[str] = set()
    edge: set[str] = {each for task_id in start for each in neighbours[task_id]}
    while edge:
        seen |= edge
        edge = {each for task_id in edge for each in neighbours[task_id]} - seen
    return seen - start


def _totals(
    order: tuple[str, ...], neighbours: Mapping[str, frozenset[str]], tasks: Mapping[str, TaskSpec]
) -> dict[str, int]:
    """Sum the weights of all tasks within reach, each counted once.

    `order` lists a task after its neighbours. The set within reach of a task is one long integer, a bit a
    task: ten thousand tasks take some ten megabytes for the duration of this call, and no quadratic walk.
    """
    bit = {task_id: 1 << place for place, task_id in enumerate(order)}
    masks: dict[int, int] = {}
    for weight, members in _grouped(tasks).items():
        masks[weight] = sum(bit[task_id] for task_id in members)
    within: dict[str, int] = {}
    for task_id in order:
        reach = bit[task_id]
        for each in neighbours[task_id]:
            reach |= within[each]
        within[task_id] = reach
    return {
        task_id: _bounded(sum(weight * (reach & mask).bit_count() for weight, mask in masks.items()))
        for task_id, reach in within.items()
    }


def _grouped(tasks: Mapping[str, TaskSpec]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = {}
    for task_id, task in tasks.items():
        groups.setdefault(task.priority_weight, []).append(task_id)
    return groups


def _bounded(weight: int) -> int:
    return max(-HEAVIEST, min(HEAVIEST, weight))
