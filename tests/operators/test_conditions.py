"""`@run_if` and `@skip_if`."""

from __future__ import annotations

from typing import Any, cast

import pytest

from scheduler import DAG, run_if, setup, skip_if, task
from scheduler.errors import BadDag
from tests.runtime.attempts import attempt


@pytest.mark.parametrize(
    ("decorator", "condition", "state", "reason"),
    [
        (run_if, lambda context: True, "success", ""),
        (run_if, lambda context: False, "skipped", "run_if: the condition does not hold"),
        (skip_if, lambda context: True, "skipped", "skip_if: the condition holds"),
        (skip_if, lambda context: False, "success", ""),
        (
            run_if,
            lambda context: (context["ds"] > "2027", f"{context['ds']} is early"),
            "skipped",
            "2026-11-21 is early",
        ),
        (run_if, lambda context: (False, None), "skipped", "run_if: the condition does not hold"),
        (run_if, lambda context: 1 / 0, "failed", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_condition_decides_whether_a_task_runs(decorator, condition, state, reason):
    @decorator(condition)
    @task
    def a():
        return 1

    with DAG("d") as dag:
        a()
    outcome = attempt(dag)
    assert outcome.state == state
    assert outcome.reason.startswith(reason)


def test_conditions_stack_and_leave_pre_execute_as_it_was():
    called = []

    def noting(name, answer):
        def condition(context):
            called.append(name)
            return answer

        return condition

    @run_if(noting("first", True))
    @skip_if(noting("second", False), "never")
    @task(pre_execute=noting("third", None))
    def a():
        called.append("work")

    with DAG("d") as dag:
        a.override(retries=1)()
    assert attempt(dag).state == "success"
    assert called == ["first", "second", "third", "work"]


def test_setups_and_other_kinds_take_conditions():
    @run_if(lambda context: False, "not today")
    @setup
    def make(): ...

    @skip_if(lambda context: True)
    @task.bash
    def say():
        return "exit 1"

    with DAG("d") as dag:
        make()
        say()
    assert dag.get_task("make").is_setup
    assert attempt(dag, task_id="make").reason == "not today"
    assert attempt(dag, task_id="say").state == "skipped"


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: run_if(lambda context: True)(cast(Any, print)), "@run_if stands above @task"),
        (lambda: skip_if(cast(Any, "yes")), "@skip_if takes a function of the context"),
        (lambda: skip_if(cast(Any, task(lambda: None))), "@skip_if takes a function"),
    ],
)
def test_what_cannot_work_is_refused(declare, words):
    with pytest.raises(BadDag) as refused:
        declare()
    assert words in str(refused.value)
