"""`dag.test(only=..., xcoms=...)`: some tasks alone, on what the others are said to have returned."""

import pytest

from scheduler import DAG, EmptyOperator, task
from scheduler.errors import BadDag


@task
def never():
    raise AssertionError


@task(multiple_outputs=True)
def parts():
    raise AssertionError


@task
def double(n):
    return 2 * n


def test_one_task_runs_on_values_that_are_given():
    with DAG("d") as dag:
        double(never()) >> never.override(task_id="after")()
    result = dag.test(only=["double"], xcoms={"never": 21})
    assert (result.is_success, result.order, result.xcoms["double"]) == (True, ["double"], 42)


def test_several_run_in_their_order_and_by_their_rules():
    with DAG("d") as dag:
        first = double(never())
        double.override(task_id="second")(first) >> EmptyOperator(task_id="last", trigger_rule="one_failed")
    result = dag.test(only=["second", "double", "last"], xcoms={"never": 1})
    assert (result.order, result.xcoms["second"], result.task_states["last"]) == (
        ["double", "second"],
        4,
        "skipped",
    )


def test_parts_of_a_value_are_given_with_it():
    with DAG("d") as dag:
        double(parts()["n"])
    assert dag.test(only=["double"], xcoms={"parts": {"n": 3}}).xcoms["double"] == 6


def test_a_mapped_task_has_its_instances_and_gives_a_value_of_each():
    with DAG("d") as dag:
        doubled = double.expand(n=never())

        @task
        def total(values):
            return sum(values)

        total(doubled)
    assert dag.test(only=["double"], xcoms={"never": [1, 2]}).xcoms["double"] == [2, 4]
    assert dag.test(only=["total"], xcoms={"double": [5, 6]}).xcoms["total"] == 11
    with pytest.raises(BadDag, match="must be a list with an item an instance"):
        dag.test(only=["total"], xcoms={"double": 5})


def test_a_task_that_there_is_not_is_refused_by_name():
    with DAG("d") as dag:
        double(1)
    with pytest.raises(BadDag, match="Did you mean 'double'"):
        dag.test(only=["doubel"])
