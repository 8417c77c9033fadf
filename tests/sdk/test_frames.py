"""Setups and teardowns, as authors write them."""

from __future__ import annotations

from typing import Any, cast

import pytest

from scheduler import DAG, BashOperator, EmptyOperator, FailTask, SkipTask, TaskGroup, setup, task, teardown
from scheduler.errors import BadDag
from scheduler.sdk.serialize import to_spec


@setup
def make():
    return "cluster"


@task
def work(cluster=None):
    return cluster


@task
def fails():
    raise FailTask("on purpose")


@teardown
def drop(cluster=None):
    return f"dropped {cluster}"


def roles(dag):
    return {each.task_id: each.role for each in to_spec(dag, "d.py").tasks}


def test_decorated_functions_are_setups_and_teardowns():
    with DAG("d") as dag:
        cluster = make()
        cluster >> work(cluster) >> drop(cluster)
    assert roles(dag) == {"make": "setup", "work": None, "drop": "teardown"}
    assert dag.get_task("drop").trigger_rule == "all_done_setup_success"
    assert dag.test().xcoms == {"make": "cluster", "work": "cluster", "drop": "dropped cluster"}


def test_a_with_puts_what_is_declared_inside_between_them():
    with DAG("d") as dag:
        with make() >> drop():
            work() >> [work.override(task_id="left")(), work.override(task_id="right")()]
        EmptyOperator("outside")
    upstream = {each.task_id: set(each.upstream_task_ids) for each in dag.tasks}
    assert upstream == {
        "make": set(),
        "drop": {"make", "left", "right"},
        "work": {"make"},
        "left": {"work"},
        "right": {"work"},
        "outside": set(),
    }


def test_operators_take_roles_too_and_frames_may_be_nested():
    with DAG("d") as dag:
        outer = BashOperator("outer", bash_command="true")
        with EmptyOperator("close").as_teardown(setups=outer) as frame:
            inner = EmptyOperator("inner").as_setup()
            with inner >> EmptyOperator("undo").as_teardown(setups=inner):
                EmptyOperator("deep")
        assert set(frame.tasks) == {"inner", "undo", "deep"}
    assert roles(dag)["outer"] == "setup"
    assert dag.get_task("inner").upstream_task_ids == {"outer"}
    assert dag.get_task("close").upstream_task_ids == {"outer", "undo"}
    assert dag.get_task("deep").upstream_task_ids == {"inner"}


def test_tasks_from_outside_may_be_taken_in():
    with DAG("d") as dag:
        known = work()
        with make() >> drop() as frame:
            frame.add_task(known)
    assert dag.get_task("work").upstream_task_ids == {"make"}
    assert dag.get_task("work").downstream_task_ids == {"drop"}


def test_who_waits_for_a_group_does_not_wait_for_its_teardown():
    with DAG("d") as dag:
        with TaskGroup("g") as group, make() >> drop():
            work()
        group >> EmptyOperator("after")
    assert dag.get_task("after").upstream_task_ids == {"g.work"}


@pytest.mark.parametrize(
    ("decides", "state"),
    [(False, "success"), (True, "failed")],
)
def test_a_teardown_decides_the_run_only_where_it_says_so(decides, state):
    with DAG("d") as dag:
        made = make()
        (
            made
            >> work()
            >> fails.override(task_id="undo")().as_teardown(setups=made, on_failure_fail_dagrun=decides)
        )
    result = dag.test()
    assert (result.state, result.task_states["undo"]) == (state, "failed")


def test_a_teardown_runs_after_failed_work_which_fails_the_run():
    with DAG("d") as dag, make() >> drop():
        fails() >> work()
    result = dag.test()
    assert result.state == "failed"
    assert result.task_states == {
        "make": "success",
        "drop": "success",
        "fails": "failed",
        "work": "upstream_failed",
    }


@pytest.mark.parametrize(("error", "state"), [(FailTask, "upstream_failed"), (SkipTask, "skipped")])
def test_without_its_setup_there_is_nothing_to_take_away(error, state):
    @setup
    def breaks():
        raise error("no")

    with DAG("d") as dag, breaks() >> drop():
        work()
    assert dag.test().task_states == {
        "breaks": "failed" if error is FailTask else "skipped",
        "drop": state,
        "work": state,
    }


def test_a_teardown_without_a_setup_runs_when_all_is_done():
    with DAG("d") as dag:
        fails() >> drop()
    assert dag.test().task_states["drop"] == "success"


def test_no_branch_skips_a_teardown():
    @task.short_circuit
    def no():
        return False

    @task.branch
    def left():
        return "left_way"

    with DAG("d") as dag:
        with make() >> drop():
            no() >> work()
        with make.override(task_id="make2")() >> drop.override(task_id="drop2")():
            left() >> [EmptyOperator("left_way"), EmptyOperator("right_way")]
    states = dag.test().task_states
    assert (states["work"], states["drop"]) == ("skipped", "success")
    assert (states["right_way"], states["drop2"]) == ("skipped", "success")


def test_in_a_fail_fast_dag_teardowns_still_run():
    with DAG("d", fail_fast=True) as dag:
        with make() >> drop():
            fails() >> work()
        EmptyOperator("beside", trigger_rule="all_done")
    assert dag.test().task_states["drop"] == "success"


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: make().as_teardown(), "make cannot be both a setup and a teardown"),
        (lambda: drop().as_setup(), "drop cannot be both a setup and a teardown"),
        (
            lambda: drop.override(task_id="x")().operator.__enter__() and work().__enter__(),
            "is for setups and teardowns",
        ),
        (lambda: work().as_teardown(setups=["make"]), "give a task, or a list of tasks"),
        (lambda: setup(cast(Any, 3)), "@setup decorates a function"),
    ],
)
def test_what_cannot_work_is_refused(declare, words):
    with DAG("d"), pytest.raises(BadDag) as refused:
        declare()
    assert words in str(refused.value)


def test_setups_and_teardowns_may_be_mapped():
    @setup
    def make_one(number):
        return number

    @teardown
    def drop_all(numbers):
        return sum(numbers)

    with DAG("d") as dag:
        made = make_one.expand(number=[1, 2, 3])
        made >> work() >> drop_all(made)
    result = dag.test()
    assert result.xcoms["drop_all"] == 6
    assert dag.get_task("make_one").is_setup
