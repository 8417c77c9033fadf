"""`dag.test(mocks=..., fail=...)`: tasks that do what the test says."""

import pytest

from scheduler import DAG, AirflowSkipException, BashOperator, EmptyOperator, task
from scheduler.errors import BadDag
from scheduler.operators.branching import LatestOnlyOperator
from scheduler.sdk.sensor import BaseSensorOperator
from scheduler.testing import SimulatedFailure


@task
def double(n):
    return 2 * n


class Never(BaseSensorOperator):
    def poke(self, context):
        return False


def test_a_value_is_returned_in_place_of_the_work_and_templates_are_rendered_all_the_same():
    with DAG("d") as dag:
        double(BashOperator(task_id="ask", bash_command="exit 1 # {{ ds }}").output)
    result = dag.test(mocks={"ask": 21})
    assert result.xcoms == {"ask": 21, "double": 42}
    assert "exit 1 # 20" in result.rendered["ask"]["bash_command"]


@pytest.mark.parametrize(
    ("mock", "state"),
    [(ValueError("broken"), "failed"), (KeyError, "failed"), (AirflowSkipException("not today"), "skipped")],
)
def test_an_exception_is_raised_in_place_of_the_work(mock, state):
    with DAG("d") as dag:
        double(1)
    assert dag.test(mocks={"double": mock}).task_states["double"] == state


def test_a_function_is_called_with_what_the_task_would_get():
    with DAG("d") as dag:
        double(4)
        BashOperator(task_id="bash", bash_command="{{ 1 + 1 }}")

    def triple(n, ti=None):
        return ti.task_id, 3 * n

    result = dag.test(mocks={"double": triple, "bash": lambda task: task.bash_command})
    assert result.xcoms == {"double": ("double", 12), "bash": "2"}


def test_each_instance_of_a_mapped_task_is_played():
    with DAG("d") as dag:
        double.expand(n=[1, 2])
    assert dag.test(mocks={"double": lambda n: -n}).xcoms["double"] == [-1, -2]


@task.branch
def pick():
    raise AssertionError


@task.short_circuit
def go_on():
    raise AssertionError


@pytest.mark.parametrize("kind", [pick, go_on])
@pytest.mark.parametrize("answer", ["value", "function"])
def test_what_decides_of_others_decides_as_the_test_says(kind, answer):
    with DAG("d") as dag:
        kind() >> [EmptyOperator(task_id="a"), EmptyOperator(task_id="b")]
    choice = "a" if kind is pick else False
    result = dag.test(mocks={kind.function.__name__: choice if answer == "value" else lambda: choice})
    assert (result.task_states["a"], result.task_states["b"]) == (
        ("success", "skipped") if kind is pick else ("skipped", "skipped")
    )


def test_a_branch_that_is_an_operator_follows_the_test_too():
    with DAG("d") as dag:
        LatestOnlyOperator(task_id="latest") >> EmptyOperator(task_id="after")
    assert dag.test(mocks={"latest": []}).task_states["after"] == "skipped"


def test_a_sensor_is_fed_a_value_or_asked_through_a_function_until_it_is_content():
    looks = []

    def look():
        looks.append(1)
        return len(looks) == 3

    with DAG("d") as dag:
        Never(task_id="fed")
        Never(task_id="asked", poke_interval=60)
    result = dag.test(mocks={"fed": {"rows": 3}, "asked": look})
    assert result.is_success
    assert result.xcoms == {"fed": {"rows": 3}}
    assert len(looks) == 3
    asked = result.attempts[-1]
    assert 120 <= (asked.ended_at - asked.started_at).total_seconds() < 180


def test_the_first_tries_fail_as_often_as_the_test_says():
    with DAG("d") as dag:
        double(1).operator.retries = 2
    result = dag.test(fail={"double": 2})
    assert [(each.try_number, each.state) for each in result.attempts] == [
        (1, "failed"), (2, "failed"), (3, "success"),
    ]  # fmt: skip
    assert "the test has try 2 of 'double' fail" in result.logs["double"]
    assert dag.test(fail={"double": 3}).errors["double"].type == SimulatedFailure.__name__


def test_single_tries_may_fail_and_what_a_mock_does_follows():
    with DAG("d") as dag:
        double(1).operator.retries = 1
    result = dag.test(fail={"double": [1]}, mocks={"double": "played"})
    assert (result.tries["double"], result.xcoms["double"]) == (2, "played")


def test_the_dag_is_left_as_it_was():
    with DAG("d") as dag:
        double(1)
    dag.test(mocks={"double": 0}, fail={"double": 1})
    assert dag.test().xcoms == {"double": 2}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mocks": {"doubel": 1}}, "no task 'doubel' that the test could play. Did you mean 'double'?"),
        ({"fail": {"other": 1}}, "no task 'other'"),
        ({"fail": {"double": [0]}}, r"fail=\{'double': \[0\]\}: give how many tries fail"),
        ({"fail": {"double": "two"}}, "give how many tries fail"),
    ],
)
def test_what_cannot_be_played_is_refused_by_name(arguments, words):
    with DAG("d") as dag:
        double(1)
    with pytest.raises(BadDag, match=words):
        dag.test(**arguments)
