"""Retry policies: what they are asked, and what their answer does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from scheduler import (
    DAG,
    EmptyOperator,
    ExceptionRetryPolicy,
    FailTask,
    RetryAction,
    RetryDecision,
    RetryPolicy,
    RetryRule,
    SkipTask,
    TaskTimeout,
    task,
)
from scheduler.errors import BadDag
from tests.runtime.attempts import attempt

MINUTE = timedelta(minutes=1)


def fail_of(error, policy, **more):
    """Return the outcome of an attempt that raises."""

    @task(retries=3, retry_policy=policy)
    def a():
        raise error

    with DAG("d") as dag:
        a()
    return attempt(dag, **{"max_tries": 4, **more})


class Answering(RetryPolicy):
    def __init__(self, answer):
        self.answer = answer
        self.asked = None

    def __deepcopy__(self, memo):
        return self

    def evaluate(self, exception, try_number, max_tries, context=None):
        self.asked = (type(exception), try_number, max_tries, context["ds"])
        return self.answer


@pytest.mark.parametrize(
    ("answer", "retryable", "delay_s", "words"),
    [
        (RetryDecision.default(), True, None, ""),
        (RetryDecision.retry(), True, None, ""),
        (RetryDecision.retry(MINUTE, "busy"), True, 60.0, "; retry_policy: busy"),
        (RetryDecision.fail("hopeless"), False, None, "; retry_policy: hopeless"),
        (None, True, None, ""),
    ],
)
def test_the_answer_decides(answer, retryable, delay_s, words):
    outcome = fail_of(ValueError("x"), Answering(answer))
    assert (outcome.state, outcome.retryable, outcome.retry_delay_s) == ("failed", retryable, delay_s)
    assert outcome.reason.startswith("ValueError: x")
    assert outcome.reason.endswith(words)


@pytest.mark.parametrize(("try_number", "max_tries", "told"), [(1, 4, 1), (4, 4, 4), (57, 58, 3), (9, 12, 1)])
def test_it_is_told_how_many_tries_have_failed(try_number, max_tries, told):
    policy = Answering(RetryDecision.default())
    fail_of(KeyError("x"), policy, try_number=try_number, max_tries=max_tries)
    assert policy.asked == (KeyError, told, 4, "2026-11-21")


@pytest.mark.parametrize("error", [FailTask("x"), SkipTask("x")])
def test_it_is_not_asked_where_nothing_is_to_decide(error):
    policy = Answering(RetryDecision.retry())
    fail_of(error, policy)
    assert policy.asked is None


@pytest.mark.parametrize(
    ("rule", "error", "is_met"),
    [
        (RetryRule(OSError), ConnectionError(), True),
        (RetryRule(OSError, match_subclasses=False), ConnectionError(), False),
        (RetryRule("builtins.OSError"), ConnectionError(), True),
        (RetryRule([KeyError, "builtins.OSError"]), FileNotFoundError(), True),
        (RetryRule("subprocess.SubprocessError"), ValueError(), False),
        (RetryRule("no.such.module.Error"), ValueError(), False),
        (RetryRule(TaskTimeout), TaskTimeout(), True),
        (RetryRule("scheduler.FailTask"), FailTask(), True),
    ],
)
def test_a_rule_is_about_a_class_and_those_derived_from_it(rule, error, is_met):
    assert rule.matches(error) is is_met


def test_the_first_rule_that_is_met_decides():
    policy = ExceptionRetryPolicy(
        [RetryRule(ConnectionError, retry_delay=MINUTE), RetryRule(OSError, "fail")], default=RetryAction.FAIL
    )
    assert fail_of(ConnectionResetError(), policy).retry_delay_s == 60.0
    assert not fail_of(OSError(), policy).retryable
    assert not fail_of(KeyError(), policy).retryable


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: RetryRule(cast(Any, 3)), "exception=3: give an exception class"),
        (lambda: RetryRule("ValueError"), "its path such as"),
        (lambda: RetryRule([]), "give an exception class"),
        (lambda: RetryRule(ValueError, "rety"), "did you mean 'retry'?"),
        (lambda: ExceptionRetryPolicy([], default="never"), "default='never'"),
    ],
)
def test_what_cannot_work_is_refused(declare, words):
    with pytest.raises(BadDag) as refused:
        declare()
    assert words in str(refused.value)


def test_what_is_no_policy_is_refused():
    with DAG("d"), pytest.raises(BadDag, match="retry_policy=3: give a RetryPolicy"):
        EmptyOperator("a", retry_policy=cast(Any, 3))
