"""Setups and teardowns in the graph: what decides a run, and what runs again with what."""

from __future__ import annotations

import pytest

from scheduler.core.ids import TaskKey
from scheduler.core.plan import plan
from scheduler.core.states import TaskState
from tests.core.graphs import graph, task


def undo(task_id, *upstream, role="teardown"):
    return task(task_id, *upstream, role=role, trigger_rule="all_done_setup_success")


@pytest.fixture
def framed():
    return graph(
        task("make", role="setup"),
        task("first", "make"),
        task("second", "first"),
        undo("drop", "make", "second"),
        task("alone", role="setup"),
        task("other", "alone"),
        task("beside"),
    )


def test_the_tasks_before_a_teardown_decide_the_run(framed):
    assert framed.leaves == {"second", "other", "beside"}


def test_a_teardown_that_says_so_decides_too():
    assert graph(task("a"), undo("drop", "a", role="deciding teardown")).leaves == {"drop"}


def test_where_all_are_teardowns_they_decide():
    assert graph(undo("a"), undo("b", "a")).leaves == {"a", "b"}


@pytest.mark.parametrize(
    ("chosen", "framing"),
    [
        ({"second"}, {"make", "drop"}),
        ({"first", "second"}, {"make", "drop"}),
        ({"other"}, {"alone"}),
        ({"beside"}, set()),
        ({"make"}, set()),
        ({"drop"}, set()),
        ({"second", "drop"}, {"make"}),
    ],
)
def test_what_runs_again_has_its_setups_and_teardowns_run_again(framed, chosen, framing):
    assert framed.framing(chosen) == framing


def test_a_setup_that_is_taken_away_before_a_task_does_not_run_again_with_it():
    chained = graph(task("make", role="setup"), task("a", "make"), undo("drop", "make", "a"), task("b", "a"))
    assert chained.framing({"b"}) == set()
    assert chained.framing({"a"}) == {"make", "drop"}


def states(**named):
    return {task_id: {"": TaskState(state)} for task_id, state in named.items()}


@pytest.mark.parametrize(
    ("made", "worked", "then"),
    [
        ("success", "failed", TaskState.SCHEDULED),
        ("success", "skipped", TaskState.SCHEDULED),
        ("success", "running", None),
        ("failed", "upstream_failed", TaskState.UPSTREAM_FAILED),
        ("skipped", "skipped", TaskState.SKIPPED),
    ],
)
@pytest.mark.parametrize("fail_fast", [False, True])
def test_a_teardown_follows_its_setup(made, worked, then, fail_fast):
    framed = graph(
        task("make", role="setup"), task("work", "make"), undo("drop", "make", "work"), fail_fast=fail_fast
    )
    planned = plan(
        framed, [TaskKey("make", ""), TaskKey("work", "")], states(make=made, work=worked, drop="none")
    )
    assert [move.to for move in planned.moves if move.task_id == "drop"] == ([then] if then else [])


def test_fail_fast_stops_all_but_teardowns():
    framed = graph(
        task("make", role="setup"),
        task("bad", "make"),
        task("work", "make"),
        undo("drop", "make", "work", "bad"),
        fail_fast=True,
    )
    now = states(make="success", bad="failed", work="running", drop="none")
    moves = {move.task_id: move.to for move in plan(framed, [TaskKey("bad", "")], now).moves}
    assert moves == {"work": TaskState.FAILED, "drop": TaskState.SCHEDULED}
