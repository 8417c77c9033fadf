"""Sensors that wait for a moment. It is 06:30 UTC on Saturday, 2026-11-21."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from scheduler import DAG, DateTimeSensor, DayOfWeekSensor, TimeDeltaSensor, TimeSensor, WeekDay
from scheduler.errors import BadDag, NaiveDate
from scheduler.sdk.xcom import decode
from tests.runtime.attempts import NOW, attempt

SOON = timedelta(minutes=1)


def waits(sensor, **arguments):
    with DAG("d", timezone=arguments.pop("timezone", "UTC")) as dag:
        sensor(task_id="a", mode="reschedule", **arguments)
    return attempt(dag).state


@pytest.mark.parametrize(
    ("target", "state"),
    [
        (NOW, "success"),
        (NOW + SOON, "reschedule"),
        ("2026-11-21T06:30:00+00:00", "success"),
        ("2026-11-21T06:31:00", "reschedule"),
        ("2026-11-21T07:30:00+01:00", "success"),
        ("{{ logical_date + macros.timedelta(minutes=1) }}", "reschedule"),
        ("{{ ds }}", "success"),
    ],
)
def test_an_instant(target, state):
    assert waits(DateTimeSensor, target_time=target) == state


def test_a_text_that_is_no_instant_is_named():
    with DAG("d") as dag:
        DateTimeSensor(task_id="a", target_time="{{ ds }} noon")
    assert "target_time='2026-11-21 noon' cannot be read" in attempt(dag).reason


@pytest.mark.parametrize(
    ("zone", "at", "state"),
    [
        ("UTC", time(6, 30), "success"),
        ("UTC", time(6, 31), "reschedule"),
        ("Europe/Berlin", time(7, 30), "success"),
        ("Europe/Berlin", time(7, 31), "reschedule"),
        ("Europe/Berlin", time(6, 31, tzinfo=UTC), "reschedule"),
    ],
)
def test_a_time_of_day_in_the_zone_of_the_dag(zone, at, state):
    assert waits(TimeSensor, target_time=at, timezone=zone) == state


def test_a_time_of_day_is_that_of_the_day_on_which_it_first_looked(dag):
    TimeSensor(task_id="a", target_time=time(23, 59), mode="reschedule")
    assert attempt(dag).state == "reschedule"
    assert attempt(dag, waiting_since=(NOW - timedelta(days=1)).isoformat()).state == "success"


@pytest.mark.parametrize(("delta", "state"), [(0, "success"), (SOON, "reschedule")])
def test_a_time_after_the_data_interval(delta, state):
    assert waits(TimeDeltaSensor, delta=delta) == state


@pytest.mark.parametrize(
    ("zone", "days", "state"),
    [
        ("UTC", "Saturday", "success"),
        ("UTC", {"monday", WeekDay.SATURDAY}, "success"),
        ("UTC", WeekDay.SUNDAY, "reschedule"),
        ("Pacific/Kiritimati", "Saturday", "success"),
        ("Pacific/Pago_Pago", "Friday", "success"),
    ],
)
def test_a_day_of_the_week(zone, days, state):
    assert waits(DayOfWeekSensor, week_day=days, timezone=zone) == state


def test_the_day_of_the_logical_date():
    assert waits(DayOfWeekSensor, week_day="Saturday", use_task_logical_date=True) == "success"


def test_deferrable_it_is_woken_at_the_instant(dag):
    DateTimeSensor("a", target_time=NOW + SOON, deferrable=True, timeout=600)
    outcome = attempt(dag)
    assert (outcome.state, outcome.deferral.trigger) == (
        "deferred",
        "scheduler.triggers.temporal.DateTimeTrigger",
    )
    assert decode(outcome.deferral.kwargs) == {"moment": NOW + SOON}
    assert outcome.deferral.timeout_s == 600


@pytest.mark.parametrize(
    ("settings", "state"), [({"timeout": 0.01}, "failed"), ({"timeout": 0.01, "soft_fail": True}, "skipped")]
)
def test_a_deferred_wait_has_a_timeout_too(settings, state):
    with DAG("d") as dag:
        DateTimeSensor("a", target_time="2999-01-01", deferrable=True, retries=3, **settings)
    result = dag.test()
    assert (result.task_states["a"], result.tries["a"]) == (state, 1)


@pytest.mark.parametrize(
    ("sensor", "arguments", "words"),
    [
        (DayOfWeekSensor, {"week_day": "Mondy"}, "week_day='Mondy': did you mean 'Monday'?"),
        (DayOfWeekSensor, {"week_day": []}, "give days"),
        (TimeSensor, {"target_time": "6:30"}, "give a datetime.time"),
        (DateTimeSensor, {"target_time": 3}, "give a datetime"),
        (TimeDeltaSensor, {"delta": None}, "give a timedelta"),
    ],
)
def test_what_cannot_work_is_refused(dag, sensor, arguments, words):
    with pytest.raises(BadDag) as refused:
        sensor(task_id="a", **arguments)
    assert words in str(refused.value)


def test_an_instant_without_a_zone_is_refused(dag):
    with pytest.raises(NaiveDate):
        DateTimeSensor(task_id="a", target_time=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the case
