"""The task graph: order, neighbours, weights, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.graph import HEAVIEST, TaskGraph, find_cycle
from scheduler.errors import BadDag, DagCycle, DuplicateTask
from tests.core.graphs import graph, graphs, task

DIAMOND = graph(task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c"), task("e"))


def test_neighbours_are_direct_and_reach_is_not():
    assert DIAMOND.upstream("d") == {"b", "c"}
    assert DIAMOND.downstream("a") == {"b", "c"}
    assert DIAMOND.descendants(["a"]) == {"b", "c", "d"}
    assert DIAMOND.ancestors(["d"]) == {"a", "b", "c"}
    assert DIAMOND.descendants(["a", "b"]) == {"c", "d"}
    assert DIAMOND.roots == {"a", "e"}
    assert DIAMOND.leaves == {"d", "e"}


def test_the_order_follows_the_arrows_and_else_the_declaration():
    assert graph(task("z"), task("b", "z"), task("a", "z"), task("y")).order == ("z", "b", "a", "y")


@given(graphs())
def test_the_order_is_topological_and_whole(drawn):
    place = {task_id: at for at, task_id in enumerate(drawn.order)}
    assert set(place) == set(drawn.tasks)
    assert all(place[each] < place[task_id] for task_id in place for each in drawn.upstream(task_id))


@pytest.mark.parametrize(
    ("rule", "weights"),
    [
        ("downstream", {"a": 15, "b": 10, "c": 12, "d": 8, "e": 16}),
        ("upstream", {"a": 1, "b": 3, "c": 5, "d": 15, "e": 16}),
        ("absolute", {"a": 1, "b": 2, "c": 4, "d": 8, "e": 16}),
    ],
)
def test_a_weight_counts_each_task_within_reach_once(rule, weights):
    own = {"a": 1, "b": 2, "c": 4, "d": 8, "e": 16}
    weighted = graph(
        *(
            task(each, *DIAMOND.upstream(each), priority_weight=own[each], weight_rule=rule)
            for each in DIAMOND.order
        )
    )
    assert {task_id: weighted.weight(task_id) for task_id in own} == weights


@given(graphs())
def test_a_downstream_weight_is_the_sum_over_the_descendants(drawn):
    own = {task_id: spec.priority_weight for task_id, spec in drawn.tasks.items()}
    for task_id in drawn.order:
        assert drawn.weight(task_id) == own[task_id] + sum(own[each] for each in drawn.descendants([task_id]))


def test_a_weight_stays_within_the_column_that_stores_it():
    assert (
        graph(task("a", priority_weight=HEAVIEST), task("b", "a", priority_weight=HEAVIEST)).weight("a")
        == HEAVIEST
    )


def test_a_cycle_is_named_by_its_tasks():
    with pytest.raises(DagCycle, match="'orders' has a cycle") as caught:
        graph(task("start"), task("a", "c", "start"), task("b", "a"), task("c", "b"))
    assert sorted(caught.value.task_ids) == ["a", "b", "c"]


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde"))))
def test_a_circle_that_is_found_is_one(edges):
    circle = find_cycle(edges)
    if circle is not None:
        assert set(zip(circle, circle[1:] + circle[:1], strict=True)) <= set(edges)


@given(graphs())
def test_a_graph_that_could_be_built_has_no_circle(drawn):
    assert find_cycle((each, task_id) for task_id in drawn.tasks for each in drawn.upstream(task_id)) is None


def test_two_tasks_of_one_id_are_refused():
    with pytest.raises(DuplicateTask, match="two tasks named 'a'"):
        graph(task("a"), task("a"))


def test_an_arrow_from_nowhere_is_refused():
    with pytest.raises(BadDag, match="'b' waits for 'ghost'"):
        graph(task("b", "ghost"))


def test_an_unknown_weight_rule_is_refused():
    with pytest.raises(BadDag, match="'heavy'"):
        graph(task("a", weight_rule="heavy"))


def test_ten_thousand_tasks_in_a_row_and_side_by_side_have_weights():
    row = graph(task("t0"), *(task(f"t{at}", f"t{at - 1}") for at in range(1, 10_000)))
    assert row.weight("t0") == 10_000
    assert row.weight("t9999") == 1
    fan = graph(task("start"), *(task(f"t{at}", "start") for at in range(9_999)))
    assert fan.weight("start") == 10_000


def test_an_empty_dag_is_a_graph():
    empty: TaskGraph = graph()
    assert (empty.order, empty.roots, empty.leaves) == ((), frozenset(), frozenset())
