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
        ({"make"}, {"drop"}),
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


def test_a_task_waits_for_setups_further_up_and_a_teardown_for_all_between(framed):
    assert framed.gates == {"second": {"make"}, "drop": {"first"}}
    nested = graph(
        task("outer", role="setup"),
        task("inner", "outer", role="setup"),
        task("work", "inner"),
        undo("drop_inner", "inner", "work"),
        undo("drop_outer", "outer", "drop_inner"),
        task("after", "work"),
    )
    assert nested.gates == {"work": {"outer"}, "drop_outer": {"inner", "work"}}
    assert nested.framing({"work"}) == {"outer", "inner", "drop_inner", "drop_outer"}
    assert nested.framing({"after"}) == set()


def test_a_teardown_of_several_setups_runs_again_with_each(framed):
    both = graph(
        task("one", role="setup"),
        task("two", role="setup"),
        task("a", "one"),
        task("b", "two"),
        undo("drop", "one", "two", "a", "b"),
    )
    assert both.framing({"a"}) == {"one", "drop"}
    assert both.framing({"one", "two"}) == {"drop"}


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


def test_a_teardown_that_waits_for_nothing_runs_where_all_is_stopped_before_it_began():
    hasty = graph(task("work"), undo("drop"), fail_fast=True)
    planned = plan(hasty, [TaskKey("work", ""), TaskKey("drop", "")], states(work="failed", drop="none"))
    assert [(move.task_id, move.to) for move in planned.moves] == [("drop", TaskState.SCHEDULED)]


@pytest.mark.parametrize(
    ("made", "then", "why"),
    [
        ("running", None, "waits for make (0 of 1 done)"),
        ("success", TaskState.SCHEDULED, ""),
        ("failed", TaskState.UPSTREAM_FAILED, "1 of 1 upstream failed: make"),
        ("skipped", TaskState.SKIPPED, "1 of 1 upstream skipped: make"),
    ],
)
def test_a_task_that_runs_again_waits_for_the_setup_that_does(framed, made, then, why):
    now = states(make=made, first="success", second="none", drop="none", alone="none", other="none")
    planned = plan(framed, [TaskKey("make", ""), TaskKey("second", "")], now)
    moves = {move.task_id: (move.to, move.reason) for move in planned.moves}
    held = {each.task_id: each.reason for each in planned.held}
    assert moves.get("second") == ((then, why) if then else None)
    assert held.get("second", "") == ("" if then else why)


def test_a_teardown_waits_for_what_runs_again_further_up(framed):
    now = states(make="success", first="running", second="success", drop="none")
    planned = plan(framed, [TaskKey("make", "")], now)
    assert [(each.task_id, each.reason) for each in planned.held] == [
        ("drop", "waits for first (0 of 1 done)")
    ]
    now |= states(first="failed")
    assert [each.task_id for each in plan(framed, [TaskKey("first", "")], now).moves] == ["drop"]


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
