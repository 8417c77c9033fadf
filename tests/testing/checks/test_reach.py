"""A task is named as one that never runs only where that is so."""

import itertools

import pytest

from scheduler import DAG, AirflowSkipException, task
from scheduler.operators.empty import EmptyOperator
from scheduler.sdk.rules import TriggerRule
from scheduler.testing.checks.reach import never_run


def two_ways(rule, choose):
    """A branch, two tasks after it, and one that joins them."""
    with DAG("ways") as dag:
        join = EmptyOperator(task_id="join", trigger_rule=rule)
        task.branch(choose)() >> [EmptyOperator(task_id="left"), EmptyOperator(task_id="right")] >> join
    return dag


def one_of_two(params):
    if params.get("left"):
        return "left"
    return "right"


def both(params):
    return ["left", "right"] if params.get("both") else "left"


def what_params_say(params):
    return params["way"]


def test_a_join_after_a_branch_that_takes_one_way_never_runs():
    assert set(never_run(two_ways("all_success", one_of_two))) == {"join"}


@pytest.mark.parametrize("rule", ["none_failed_min_one_success", "one_success", "all_done", "none_failed"])
def test_a_join_with_a_rule_that_allows_skips_runs(rule):
    assert not never_run(two_ways(rule, one_of_two))


@pytest.mark.parametrize("choose", [both, what_params_say])
def test_a_branch_that_may_take_both_ways_leaves_the_join(choose):
    assert not never_run(two_ways("all_success", choose))


def test_what_follows_only_on_a_failure_of_nothing_that_can_fail_never_runs():
    with DAG("d") as dag:
        start, alarm = (
            EmptyOperator(task_id="start"),
            EmptyOperator(task_id="alarm", trigger_rule="one_failed"),
        )
        start >> alarm >> EmptyOperator(task_id="after")
    assert list(never_run(dag)) == ["alarm"]


def test_a_way_that_no_return_takes_never_runs():
    def only_left():
        return "left"

    assert set(never_run(two_ways("all_done", only_left))) == {"right"}


@pytest.mark.parametrize("rule", list(TriggerRule))
def test_a_rule_that_some_run_meets_is_never_named(rule):
    """Held against `dag.test()`: two tasks that may succeed, fail or be skipped, and one after them."""

    def build(ends):
        with DAG("d") as dag:

            @task
            def before(end):
                if end == "failed":
                    raise ValueError
                if end == "skipped":
                    raise AirflowSkipException

            after = EmptyOperator(task_id="after", trigger_rule=rule)
            [before(end) for end in ends] >> after
        return dag

    ways = itertools.combinations_with_replacement(["success", "failed", "skipped"], 2)
    runs = any(build(ends).test().task_states["after"] == "success" for ends in ways)
    assert runs == (not never_run(build(["success", "success"])))
