"""The planner: what follows from a change, one example a rule."""

from __future__ import annotations

import pytest

from scheduler.core.ids import TaskKey
from scheduler.core.plan import FinishRun, Held, Move, Plan, finish, needed, plan, why
from scheduler.core.states import RunState, TaskState
from tests.core.graphs import graph, task

S = TaskState
DIAMOND = graph(task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c"))


def states(**given):
    return {task_id: {"": S(state)} for task_id, state in given.items()}


def planned(graph, *changed, past=None, **given):
    return plan(graph, [TaskKey(each) for each in changed], states(**given), past=past)


def moved(result):
    return {move.task_id: str(move.to) for move in result.moves}


NEW = dict.fromkeys("abcd", "none")


def test_a_new_run_starts_with_its_roots():
    assert moved(planned(DIAMOND, *"abcd", **NEW)) == {"a": "scheduled"}


def test_success_releases_what_waited_for_it():
    assert moved(planned(DIAMOND, "a", **{**NEW, "a": "success"})) == {"b": "scheduled", "c": "scheduled"}


def test_a_join_waits_and_says_for_whom_and_how_far():
    result = planned(DIAMOND, "b", **{**NEW, "a": "success", "b": "success", "c": "running"})
    assert result == Plan((), (Held("d", "", "waits for c (1 of 2 done)"),))


def test_a_reason_names_three_tasks_and_counts_the_rest():
    fan = graph(*(task(f"t{at}") for at in range(6)), task("join", *(f"t{at}" for at in range(6))))
    given = {f"t{at}": "running" for at in range(6)} | {"t2": "success", "join": "none"}
    (held,) = planned(fan, "t2", **given).held
    assert held.reason == "waits for t0, t1, t3 and 2 more (1 of 6 done)"


def test_failure_passes_down_the_whole_chain_in_one_call_and_names_its_cause():
    result = planned(DIAMOND, "a", **{**NEW, "a": "failed"})
    assert moved(result) == dict.fromkeys("bcd", "upstream_failed")
    assert [move.reason for move in result.moves] == [
        "1 of 1 upstream failed: a",
        "1 of 1 upstream failed: a",
        "2 of 2 upstream failed: b, c",
    ]


def test_a_skip_passes_down_until_a_rule_stops_it():
    chain = graph(
        task("a"),
        task("b", "a"),
        task("c", "b"),
        task("end", "c", trigger_rule="all_done"),
        task("log", "end"),
    )
    result = planned(chain, "a", a="skipped", b="none", c="none", end="none", log="none")
    assert moved(result) == {"b": "skipped", "c": "skipped", "end": "scheduled"}


def test_a_chain_of_decisions_sees_decisions_of_the_same_call():
    graph_ = graph(task("a"), task("b", "a"), task("c", "a", "b", trigger_rule="none_failed_min_one_success"))
    assert moved(planned(graph_, "a", a="skipped", b="none", c="none")) == {"b": "skipped", "c": "skipped"}


def test_a_cleared_task_is_considered_itself_and_what_follows_it_waits():
    result = planned(DIAMOND, "b", "d", a="success", b="none", c="success", d="none")
    assert moved(result) == {"b": "scheduled"}
    assert [held.task_id for held in result.held] == ["d"]


def test_what_is_not_none_is_left_alone():
    given = {"a": "success", "b": "running", "c": "up_for_retry", "d": "none"}
    assert planned(DIAMOND, "a", **given).moves == ()


def test_mapped_instances_are_counted_and_moved_one_by_one():
    mapped = graph(task("list"), task("load", "list"), task("join", "load"))
    given = states(list="success", join="none") | {"load": {str(at): S.NONE for at in range(3)}}
    result = plan(mapped, [TaskKey("list")], given)
    assert result.moves == tuple(Move("load", str(at), S.SCHEDULED) for at in range(3))
    given["load"] = {"0": S.SUCCESS, "1": S.SUCCESS, "2": S.RUNNING}
    assert plan(mapped, [TaskKey("load", "1")], given).held == (
        Held("join", "", "waits for load (2 of 3 done)"),
    )


def test_states_that_were_not_given_are_asked_for_not_guessed():
    result = planned(DIAMOND, "b", a="success", b="success", d="none")
    assert (result.moves, result.held, result.unread) == ((), (), {"c"})
    assert planned(DIAMOND, "a", a="failed", b="none", c="none").unread == {"d"}
    assert planned(DIAMOND, "a").unread == {"a"}


def test_a_decision_that_holds_anyway_does_not_wait_for_unread_states():
    result = planned(DIAMOND, "b", a="success", b="failed", d="none")
    assert moved(result) == {"d": "upstream_failed"}


def test_needed_names_what_a_plan_looks_at():
    chain = graph(task("a"), task("x"), task("b", "a", "x"), task("c", "b"), task("far"))
    assert needed(chain, {TaskKey("a"): S.SUCCESS}) == {"a", "b", "x"}
    assert needed(chain, {TaskKey("a"): S.SKIPPED}) == {"a", "b", "x", "c"}
    assert needed(chain, {TaskKey("b"): S.NONE}) == {"a", "b", "x"}
    assert needed(chain, {TaskKey("b"): S.RUNNING}) == {"b"}


# --- The past -----------------------------------------------------------------------------------------------

PAST = graph(task("a", depends_on_past=True), task("b", "a", wait_for_downstream=True), task("c", "b"))


@pytest.mark.parametrize("before", ["success", "skipped", "removed"])
def test_a_task_that_depends_on_the_past_starts_after_success_skip_or_removal(before):
    result = planned(PAST, "a", a="none", b="none", c="none", past=states(a=before))
    assert moved(result) == {"a": "scheduled"}


@pytest.mark.parametrize("before", ["none", "running", "failed", "upstream_failed"])
def test_a_task_that_depends_on_the_past_is_held_by_anything_else(before):
    result = planned(PAST, "a", a="none", b="none", c="none", past=states(a=before))
    assert result.held == (
        Held("a", "", f"waits for a in the run before this one, where it is {before}", "past"),
    )


def test_the_first_run_and_a_new_task_have_no_past():
    for past in (None, states(b="failed")):
        assert moved(planned(PAST, "a", a="none", b="none", c="none", past=past)) == {"a": "scheduled"}


def test_wait_for_downstream_waits_for_what_follows_in_the_earlier_run():
    given = {"a": "success", "b": "none", "c": "none"}
    held = planned(PAST, "a", **given, past=states(b="success", c="running")).held
    assert held == (Held("b", "", "waits for c in the run before this one", "past"),)
    for ended in ("skipped", "removed"):
        assert moved(planned(PAST, "a", **given, past=states(b="success", c=ended))) == {"b": "scheduled"}


def test_the_past_does_not_keep_a_task_from_being_skipped():
    assert moved(planned(PAST, "a", a="skipped", b="none", c="none", past=states(b="failed"))) == {
        "b": "skipped",
        "c": "skipped",
    }


# --- fail_fast ----------------------------------------------------------------------------------------------

HASTY = graph(task("a"), task("b"), task("c", "b"), task("d"), task("e"), fail_fast=True)


def test_fail_fast_stops_what_runs_and_skips_what_does_not():
    result = planned(HASTY, "a", a="failed", b="running", c="none", d="queued", e="success")
    assert moved(result) == {"b": "failed", "c": "skipped", "d": "skipped"}
    assert {move.reason for move in result.moves} == {"stopped because a failed and the DAG is fail_fast"}


def test_fail_fast_needs_every_task_and_says_which_it_was_not_given():
    assert needed(HASTY, {TaskKey("a"): S.FAILED}) == set("abcde")
    assert planned(HASTY, "a", a="failed", b="none").unread == set("cde")


def test_fail_fast_lets_a_retry_be():
    assert planned(HASTY, "a", a="up_for_retry", b="running", c="none").moves == ()


# --- The end of a run ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("leaf", ["success", "skipped", "removed"])
def test_a_run_whose_leaves_did_not_fail_succeeds(leaf):
    assert finish(DIAMOND, states(d=leaf)) == FinishRun(RunState.SUCCESS)


@pytest.mark.parametrize("leaf", ["failed", "upstream_failed"])
def test_a_run_with_a_failed_leaf_fails_and_names_it(leaf):
    assert finish(DIAMOND, states(d=leaf)) == FinishRun(RunState.FAILED, "failed: d")


def test_one_failed_instance_of_a_mapped_leaf_fails_the_run():
    leaves = {"d": {"0": S.SUCCESS, "1": S.FAILED}}
    assert finish(DIAMOND, leaves) == FinishRun(RunState.FAILED, "failed: d")


def test_a_run_without_tasks_succeeds():
    assert finish(graph(), {}) == FinishRun(RunState.SUCCESS)


# --- Why ----------------------------------------------------------------------------------------------------


def test_the_page_gives_the_planners_own_reason():
    given = states(a="success", b="success", c="running", d="none")
    assert why(DIAMOND, TaskKey("d"), given) == ["waits for c (1 of 2 done)"]
    assert why(DIAMOND, TaskKey("d"), {**given, **states(c="success")}) == []
    assert why(DIAMOND, TaskKey("d"), {**given, **states(c="failed")}) == ["1 of 2 upstream failed: c"]
