"""Branches by date, by day of the week, and of one's own. It is 06:30 UTC on Saturday, 2026-11-21."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from scheduler import (
    DAG,
    BaseBranchOperator,
    BranchDateTimeOperator,
    BranchDayOfWeekOperator,
    EmptyOperator,
    LatestOnlyOperator,
    TaskGroup,
)
from scheduler.errors import BadDag, NaiveDate
from tests.runtime.attempts import NOW, attempt

WAYS: dict[str, Any] = {"follow_task_ids_if_true": "yes", "follow_task_ids_if_false": ["no"]}
HOUR = timedelta(hours=1)


def way(operator, timezone="UTC", **arguments):
    """Return what is followed, of a `yes` and a `no`."""
    with DAG("d", timezone=timezone) as dag:
        operator("a", **WAYS, **arguments) >> [EmptyOperator("yes"), EmptyOperator("no")]
    outcome = attempt(dag)
    assert outcome.xcoms["return_value"] == ("yes" if outcome.skip_tasks == ("no",) else ["no"])
    return {"yes", "no"} - set(outcome.skip_tasks)


@pytest.mark.parametrize(
    ("lower", "upper", "followed"),
    [
        (NOW - HOUR, NOW + HOUR, "yes"),
        (NOW, None, "yes"),
        (None, NOW, "yes"),
        (NOW + HOUR, None, "no"),
        (None, NOW - HOUR, "no"),
        (time(6), time(7), "yes"),
        (time(7), time(8), "no"),
        (time(6), time(1), "yes"),
        (time(23), time(7), "no"),
        (time(7, tzinfo=UTC), None, "no"),
        (NOW + HOUR, NOW - HOUR, "no"),
    ],
)
def test_between_two_moments(lower, upper, followed):
    assert way(BranchDateTimeOperator, target_lower=lower, target_upper=upper) == {followed}


def test_times_are_those_of_the_dags_zone():
    assert way(BranchDateTimeOperator, "Europe/Berlin", target_lower=time(7, 30)) == {"yes"}
    assert way(BranchDateTimeOperator, "Europe/Berlin", target_lower=time(7, 31)) == {"no"}


def test_the_logical_date_may_decide():
    arguments = {"target_upper": NOW, "use_task_logical_date": True}
    assert way(BranchDateTimeOperator, **arguments) == {"yes"}


@pytest.mark.parametrize(("days", "followed"), [("Saturday", "yes"), ({"Sunday", "Monday"}, "no")])
@pytest.mark.parametrize("use_date", [True, False])
def test_on_days_of_the_week(days, followed, use_date):
    assert way(BranchDayOfWeekOperator, week_day=days, use_task_logical_date=use_date) == {followed}


@pytest.mark.parametrize(
    ("chosen", "skipped"),
    [
        ("left", ("right.in",)),
        (["left", "right"], ()),
        (None, ("left", "right.in")),
        ([], ("left", "right.in")),
    ],
)
def test_a_branch_of_ones_own_chooses_tasks_and_groups(dag, chosen, skipped):
    class Choose(BaseBranchOperator):
        def choose_branch(self, context):
            return chosen

    choose = Choose("a")
    with TaskGroup("right") as right:
        EmptyOperator("in")
    choose >> [EmptyOperator("left"), right]
    assert attempt(dag).skip_tasks == skipped


def test_an_unknown_branch_is_named(dag):
    class Choose(BaseBranchOperator):
        def choose_branch(self, context):
            return "rihgt"

    Choose("a") >> EmptyOperator("right")
    assert "chose 'rihgt', which is no task; after it come right" in attempt(dag).reason


def test_without_a_newer_run_all_that_follows_goes_on(dag):
    LatestOnlyOperator("a") >> EmptyOperator("b") >> EmptyOperator("c")
    assert attempt(dag).skip_tasks == ()


@pytest.mark.parametrize(
    ("operator", "arguments", "words"),
    [
        (BranchDateTimeOperator, {}, "needs target_lower, target_upper, or both"),
        (BranchDateTimeOperator, {"target_lower": "7:00"}, "target_lower='7:00'"),
        (BranchDayOfWeekOperator, {"week_day": "Caturday"}, "did you mean 'Saturday'?"),
    ],
)
def test_what_cannot_work_is_refused(dag, operator, arguments, words):
    with pytest.raises(BadDag) as refused:
        operator("a", **WAYS, **arguments)
    assert words in str(refused.value)


def test_a_bound_without_a_zone_is_refused(dag):
    with pytest.raises(NaiveDate):
        BranchDateTimeOperator("a", **WAYS, target_lower=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the case
