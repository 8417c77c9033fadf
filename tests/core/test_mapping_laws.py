"""Laws of mapped graphs: random mapped tasks and groups, outcomes, lengths, and orders of reports."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.expansion import Place, is_of_many
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.states import FINISHED, TaskState
from scheduler.testing.mapped import MappedPlanner
from scheduler.wire import DagSpec, GroupSpec, MapSpec
from tests.core.graphs import task
from tests.core.test_plan_laws import ORDER_FREE

S = TaskState
GROUPS = {"": None, "g": None, "h": "g"}
OUTCOMES = (S.SUCCESS, S.SUCCESS, S.SUCCESS, S.FAILED, S.SKIPPED)


@st.composite
def mapped_graphs(draw: st.DrawFn) -> TaskGraph:
    """Draw a graph some of whose tasks and groups are mapped, over numbers and over results."""
    count = draw(st.integers(2, 6))
    places = sorted(draw(st.lists(st.sampled_from(list(GROUPS)), min_size=count, max_size=count)))
    tasks, specs = [], []
    for at, place in enumerate(places):
        earlier = [f"t{other}" for other in range(at)]
        upstream = (
            set(draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2))) if earlier else set()
        )
        mapping = _mapping(draw, earlier) if draw(st.booleans()) else None
        upstream |= _sources(mapping)
        tasks.append(
            task(
                f"t{at}",
                *upstream,
                group_id=place or None,
                mapping=mapping,
                trigger_rule=draw(st.sampled_from(ORDER_FREE)),
            )
        )
    for group, parent in list(GROUPS.items())[1:]:
        before = [f"t{at}" for at, place in enumerate(places) if place < group]
        mapping = _mapping(draw, before) if draw(st.booleans()) else None
        specs.append(GroupSpec(group_id=group, parent_id=parent, mapping=mapping))
    needs = {group.group_id: _sources(group.mapping) for group in specs}
    tasks = [
        each
        if not each.group_id
        else task(
            each.task_id,
            *each.upstream,
            *needs[each.group_id],
            *(needs["g"] if each.group_id == "h" else ()),
            group_id=each.group_id,
            mapping=each.mapping,
            trigger_rule=each.trigger_rule,
        )
        for each in tasks
    ]
    return TaskGraph(
        DagSpec(dag_id="d", file="d.py", tasks=tuple(tasks), groups=tuple(specs), wire_version=4)
    )


def _mapping(draw: st.DrawFn, earlier: list[str]) -> MapSpec:
    factor: st.SearchStrategy[Any] = st.integers(0, 3)
    if earlier:
        factor |= st.sampled_from(earlier).map(lambda name: {"task": name, "key": "return_value"})
    return MapSpec(factors=tuple(draw(st.lists(factor, min_size=1, max_size=2))))


def _sources(mapping: MapSpec | None) -> set[str]:
    return {each["task"] for each in mapping.factors if isinstance(each, dict)} if mapping else set()


class Run:
    """A run in memory. How an instance ends, and how long its result is, follows from its name alone."""

    def __init__(self, dag: TaskGraph, seed: int, order: Random, outcomes: tuple[S, ...] = OUTCOMES) -> None:
        self.dag, self.seed, self.order, self.outcomes = dag, seed, order, outcomes
        self.states = {each: dict.fromkeys(dag.dimensions.known_paths(each), S.NONE) for each in dag.order}
        self.planner = MappedPlanner(dag, self.states, self.measure, 4)

    def fate(self, key: TaskKey) -> tuple[TaskState, int]:
        chosen = Random(f"{self.seed}{key.task_id}{key.path}")
        return chosen.choice(self.outcomes), chosen.choice([0, 1, 2, 3, 5, -1])

    def measure(self, place: Place) -> int | str | None:
        if is_of_many(self.dag, place.scope):
            paths = self.states[place.scope.task_id].items()
            prefix = f"{place.scope.path}." if place.scope.path else ""
            return sum(1 for path, state in paths if state is S.SUCCESS and path.startswith(prefix))
        length = self.fate(place.scope)[1]
        return "the int 7" if length < 0 else length

    def to_the_end(self) -> dict[str, frozenset[TaskState]]:
        """Run what may run in random order until nothing is left; return the states of each task."""
        self.planner.plan([TaskKey(name, path) for name, paths in self.states.items() for path in paths])
        while live := [
            TaskKey(name, path)
            for name, paths in self.states.items()
            for path, state in paths.items()
            if state is S.SCHEDULED
        ]:
            key = self.order.choice(live)
            assert not self.dag.dimensions.is_stem(key)
            self.states[key.task_id][key.path] = self.fate(key)[0]
            self.planner.plan([key])
        return {name: frozenset(paths.values()) for name, paths in self.states.items()}


@given(mapped_graphs(), st.integers(0, 9), st.randoms(use_true_random=False))
def test_every_run_with_mapped_tasks_comes_to_an_end(dag, seed, order):
    final = Run(dag, seed, order).to_the_end()
    assert frozenset().union(*final.values()) <= FINISHED


@given(
    mapped_graphs(), st.integers(0, 9), st.randoms(use_true_random=False), st.randoms(use_true_random=False)
)
def test_where_all_that_runs_succeeds_the_order_does_not_change_how_a_run_ends(dag, seed, one, other):
    """A failure and a skip upstream may race, as they do for any mapped task: whichever comes first decides."""
    ends = [Run(dag, seed, order, (S.SUCCESS,)).to_the_end() for order in (one, other)]
    assert ends[0] == ends[1]
