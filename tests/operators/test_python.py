"""Branches and short circuits: which tasks they drop."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pytest

from scheduler import (
    DAG,
    BranchPythonOperator,
    EmptyOperator,
    PythonOperator,
    ShortCircuitOperator,
    TaskGroup,
)
from scheduler.errors import BadDag
from scheduler.sdk.serialize import to_spec
from tests.runtime.attempts import attempt


def branching(answer, **settings):
    """Declare a -> (b -> d, c -> d) and e after d, with `a` a branch that answers so."""
    with DAG("d") as dag:
        first = BranchPythonOperator(task_id="a", python_callable=lambda: answer)
        b, c, d, e = (EmptyOperator(task_id=each) for each in "bcde")
        first >> [b, c] >> d >> e
    return dag


@pytest.mark.parametrize(
    ("answer", "skipped"), [("b", ("c",)), (["b", "c"], ()), (None, ("b", "c")), ([], ("b", "c"))]
)
def test_a_branch_drops_the_direct_followers_that_it_does_not_choose(answer, skipped):
    assert attempt(branching(answer)).skip_tasks == skipped


def test_a_branch_does_not_drop_what_follows_from_its_choice():
    with DAG("d") as dag:
        first = BranchPythonOperator(task_id="a", python_callable=lambda: "b")
        b, join = EmptyOperator(task_id="b"), EmptyOperator(task_id="join")
        first >> [b, join]
        b >> join
    assert attempt(dag).skip_tasks == ()


def test_a_branch_may_name_a_group_or_a_neighbour_in_its_own_group():
    with DAG("d") as dag:
        whole = BranchPythonOperator(task_id="a", python_callable=lambda: "g")
        with TaskGroup("g") as group:
            inner = BranchPythonOperator(task_id="a", python_callable=lambda: "x")
            inner >> [EmptyOperator(task_id="x"), EmptyOperator(task_id="y")]
        whole >> [group, EmptyOperator(task_id="other")]
    assert attempt(dag).skip_tasks == ("other",)
    assert attempt(dag, task_id="g.a").skip_tasks == ("g.y",)


def test_a_branch_that_names_no_task_fails_and_lists_the_ways():
    outcome = attempt(branching("nowhere"))
    assert outcome.error is not None
    assert "chose 'nowhere', which is no task; after it come b, c." in outcome.error.message


@pytest.mark.parametrize(
    ("settings", "skipped"), [({}, ("b", "c")), ({"ignore_downstream_trigger_rules": False}, ("b",))]
)
def test_a_short_circuit_drops_what_follows(settings, skipped):
    with DAG("d") as dag:
        stop = ShortCircuitOperator(task_id="a", python_callable=lambda: [], **settings)
        stop >> EmptyOperator(task_id="b") >> EmptyOperator(task_id="c")
    assert attempt(dag).skip_tasks == skipped


def test_a_short_circuit_that_holds_drops_nothing_and_passes_its_value_on():
    with DAG("d") as dag:
        ShortCircuitOperator(task_id="a", python_callable=lambda: 3) >> EmptyOperator(task_id="b")
    outcome = attempt(dag)
    assert (outcome.skip_tasks, outcome.xcoms["return_value"]) == ((), 3)


def test_what_cannot_be_called_is_refused():
    with DAG("d"), pytest.raises(BadDag, match="python_callable='x': give a function"):
        PythonOperator(task_id="a", python_callable="x")  # type: ignore[arg-type]  # the point


@dataclass
class Greeter:
    word: str

    def __call__(self, ds):
        return f"{self.word} {ds}"


@pytest.mark.parametrize(
    ("function", "arguments", "returned"),
    [
        (Greeter("hello"), {}, "hello 2026-11-21"),
        (partial(Greeter("hi"), "today"), {}, "hi today"),
        (dict, {"op_kwargs": {"a": 1}}, {"a": 1}),
        (max, {"op_args": [3, 4]}, 4),
    ],
)
def test_whatever_can_be_called_can_be_a_task(function, arguments, returned):
    with DAG("d") as dag:
        PythonOperator(task_id="a", python_callable=function, **arguments)
    assert to_spec(dag, "d.py").tasks[0].source is None
    assert attempt(dag).xcoms["return_value"] == returned
