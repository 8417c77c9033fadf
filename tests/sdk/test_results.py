"""What a run returns: which tasks say so, and what cannot."""

from __future__ import annotations

import pytest

from scheduler import DAG, EmptyOperator, XComArg, dag, result, setup, task
from scheduler.errors import BadDag
from scheduler.sdk.serialize import to_spec
from scheduler.wire import dag_from_json, dag_to_json


@task
def one() -> int:
    return 1


@task
def double(n: int) -> int:
    return 2 * n


def returning(declared: DAG) -> set[str]:
    spec = to_spec(declared, "f.py")
    assert dag_from_json(dag_to_json(spec)) == spec
    return {each.task_id for each in spec.tasks if each.returns_dag_result}


def test_a_task_under_result_says_what_its_run_returns():
    with DAG("d") as declared:
        result(double)(one())
    assert returning(declared) == {"double"}
    assert declared.test().result == 2


def test_a_function_under_dag_that_returns_the_result_of_a_task_says_so_too():
    @dag
    def declare():
        return double(one())

    assert returning(declare()) == {"double"}


def test_what_else_a_function_under_dag_returns_is_no_result():
    @dag
    def declare():
        return one()["part"]

    assert returning(declare()) == set()


def test_of_a_mapped_task_a_run_returns_what_all_instances_return():
    with DAG("d") as declared:
        result(double).expand(n=[1, 2, 3])
    assert returning(declared) == {"double"}
    assert declared.test().result == [2, 4, 6]


def test_of_several_tasks_it_is_a_dict_by_task():
    with DAG("d") as declared:
        result(double)(result(one)())
    assert declared.test().result == {"one": 1, "double": 2}


def test_a_run_whose_tasks_kept_nothing_returns_nothing():
    with DAG("d") as declared:
        result(task(lambda: None)).override(task_id="none")()
    assert declared.test().result is None


def test_a_setup_may_be_what_a_run_returns():
    with DAG("d") as declared:
        setup(result(one))()
    assert returning(declared) == {"one"}
    assert to_spec(declared, "f.py").tasks[0].role == "setup"


def test_the_result_of_an_operator_is_declared_by_its_dag():
    with DAG("d") as declared:
        declared.add_result(EmptyOperator("a").output)
    assert returning(declared) == {"a"}


def test_a_graph_without_results_is_written_as_before():
    with DAG("d") as declared:
        one()
    assert "returns_dag_result" not in dag_to_json(to_spec(declared, "f.py"))


def test_what_is_not_the_whole_result_of_a_task_is_refused():
    with DAG("d") as declared:
        part: XComArg[int] = XComArg(EmptyOperator("a"), key="rows")
        with pytest.raises(BadDag, match="give the whole result of one task"):
            declared.add_result(part)


def test_result_goes_on_top_of_a_task_function():
    with pytest.raises(BadDag, match="@result goes on top of a @task function"):
        result(lambda: 1)
