"""Loops as they are declared, and as they run in `dag.test()`."""

from __future__ import annotations

import pytest

from scheduler import DAG, BashOperator, EmptyOperator, Loop, PythonOperator, result, task, task_group
from scheduler.errors import BadDag
from scheduler.sdk.serialize import to_spec
from scheduler.wire import LoopSpec, dag_from_json, dag_to_json


@task.loop(until=lambda value: value >= 3, max_iterations=5)
def grow(by, last_value=None, iteration=None):
    assert (last_value or 0) == by * iteration
    return (last_value or 0) + by


@task
def seen(value):
    return list(value) if hasattr(value, "__iter__") else value


def test_an_iteration_is_given_what_the_one_before_returned_and_the_last_value_is_the_task_s():
    with DAG("d") as dag:
        seen(grow(1))
    ran = dag.test()
    assert ran.task_states == dict.fromkeys(["grow[0]", "grow[1]", "grow[2]", "seen"], "success")
    assert (ran.xcoms["grow"], ran.xcoms["seen"]) == (3, 3)


def test_a_looped_task_is_written_down_in_a_form_of_its_own():
    with DAG("d") as dag:
        grow(1)
    spec = to_spec(dag, "d.py")
    assert spec.wire_version == 7
    assert spec.tasks[0].loop == LoopSpec(max_iterations=5)
    assert dag_from_json(dag_to_json(spec)) == spec


def test_any_operator_may_be_looped():
    with DAG("d") as dag:
        BashOperator(
            "count",
            bash_command="echo {{ (last_value or 0) | int + 1 }} of {{ iteration }}",
            loop=Loop(until=lambda line: line == "2 of 1", max_iterations=5),
            output_processor=lambda line: line if line == "2 of 1" else line.partition(" ")[0],
        )
    assert dag.test().xcoms == {"count": "2 of 1"}


@pytest.mark.parametrize(
    ("on_exhausted", "last", "after"),
    [
        ("fail", "failed", "upstream_failed"),
        ("skip", "skipped", "skipped"),
        ("succeed", "success", "success"),
    ],
)
def test_a_loop_that_has_come_to_its_limit_ends_as_it_says(on_exhausted, last, after):
    @task.loop(until=bool, max_iterations=2, on_exhausted=on_exhausted)
    def never():
        return 0

    with DAG("d") as dag:
        seen(never())
    ran = dag.test()
    assert ran.task_states == {"never[0]": "success", "never[1]": last, "seen": after}
    if on_exhausted == "fail":
        assert "any of 2 iterations returned (max_iterations)" in ran.errors["never[1]"].message


def test_a_value_of_none_is_a_value():
    given = []

    @task.loop(until=lambda value: value is None, max_iterations=3)
    def less(last_value=None, iteration=None):
        given.append(last_value)
        return 1 if iteration == 0 else None

    with DAG("d") as dag:
        seen(less())
    ran = dag.test()
    assert ran.is_success
    assert given == [None, 1]
    assert ran.xcoms["seen"] is None if "seen" in ran.xcoms else True


def test_an_iteration_that_fails_is_tried_again_with_the_same_value():
    tried = []

    @task.loop(until=lambda value: value == 2, max_iterations=5, retries=1)
    def shaky(last_value=None, ti=None):
        tried.append((last_value, ti.try_number))
        if last_value == 1 and ti.try_number == 1:
            raise ValueError("once")
        return (last_value or 0) + 1

    with DAG("d") as dag:
        shaky()
    assert dag.test().is_success
    assert tried == [(None, 1), (1, 1), (1, 2)]


def test_until_that_raises_fails_the_iteration():
    with DAG("d") as dag:
        PythonOperator("a", python_callable=int, loop=Loop(lambda value: value["done"], 2))
    ran = dag.test()
    assert ran.task_states == {"a[0]": "failed"}
    assert ran.errors["a[0]"].type == "TypeError"


def test_each_instance_of_a_mapped_task_or_group_has_a_loop_of_its_own():
    with DAG("d") as dag:
        result(seen)(grow.expand(by=[1, 2, 3]))

        @task_group
        def each(by):
            seen.override(task_id="inside")(grow.override(task_id="more")(by))

        each.expand(by=[1, 3])
        seen.override(task_id="outside")(dag.get_task("each.more").output)
    ran = dag.test()
    assert ran.result == [3, 4, 3]
    assert ran.xcoms["each.inside"] == [3, 3]
    assert ran.xcoms["outside"] == [3, 3]
    assert ran.task_states["grow[1.1]"] == "success"
    assert "grow[1.2]" not in ran.task_states


def test_a_branch_in_a_loop_chooses_with_its_last_iteration():
    with DAG("d") as dag:

        @task.branch(loop=Loop(until=lambda chosen: chosen == "right", max_iterations=3))
        def choose(iteration=None):
            return "left" if iteration == 0 else "right"

        choose() >> [EmptyOperator("left"), EmptyOperator("right")]
    states = dag.test().task_states
    assert (states["left"], states["right"]) == ("skipped", "success")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"until": 3, "max_iterations": 2}, "until=3: give a function"),
        ({"until": bool, "max_iterations": 0}, "max_iterations=0: give a whole number of at least 1"),
        ({"until": bool, "max_iterations": 10_001}, "max_iterations=10001: give at most 10,000"),
        ({"until": bool, "max_iterations": 2, "on_exhausted": "stop"}, "give one of fail, skip, succeed"),
        (
            {"until": bool, "max_iterations": 2, "do_xcom_push": False},
            "a loop needs what each iteration returns",
        ),
    ],
)
def test_what_cannot_work_is_refused(arguments, words):
    with DAG("d"), pytest.raises(BadDag) as refused:
        task.loop(**arguments)(lambda: 1).override(task_id="a")()
    assert words in str(refused.value)


def test_what_is_no_loop_is_refused():
    with DAG("d"), pytest.raises(BadDag, match="give Loop"):
        EmptyOperator("a", loop=3)  # type: ignore[arg-type]


def test_what_a_loop_returns_cannot_be_mapped_over():
    with DAG("d"), pytest.raises(BadDag, match="the looped task 'grow' returns cannot be mapped over"):
        seen.expand(value=grow(1))


def test_what_an_iteration_sees_may_be_asked_for_without_a_default():
    @task.loop(until=bool, max_iterations=2)
    def once(last_value, iteration):
        return (last_value, iteration) == (None, 0)

    with DAG("d") as dag:
        once.override(task_id="a")()  # type: ignore[call-arg]
    assert dag.test().task_states == {"a[0]": "success"}
