"""Sensors: when they look, how long they wait, and how they end."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from scheduler import DAG, BaseSensorOperator, FailTask, PokeReturnValue, PythonSensor, SkipTask, task
from scheduler.errors import BadDag
from tests.runtime.attempts import NOW, attempt


@pytest.fixture
def dag():
    with DAG("d") as declared:
        yield declared


def sensor(answer, **settings):
    return PythonSensor(task_id="a", python_callable=answer, **{"poke_interval": 0.001, **settings})


def after(looks, value=True):
    """Answer with a value after so many looks."""
    numbers = count(1)
    return lambda: value if next(numbers) > looks else False


def raising(error):
    def poke():
        raise error

    return poke


def ago(**parts):
    return (NOW - timedelta(**parts)).isoformat()


def test_it_looks_until_what_it_waits_for_is_there(dag):
    sensor(after(3))
    assert (attempt(dag).state, attempt(dag).xcoms) == ("success", {})


def test_a_poke_return_value_brings_what_is_handed_on(dag):
    sensor(after(1, PokeReturnValue(True, xcom_value={"rows": 3})))
    assert attempt(dag).xcoms == {"return_value": {"rows": 3}}


def test_a_poke_return_value_may_say_not_yet(dag):
    sensor(lambda: PokeReturnValue(False, xcom_value=1), mode="reschedule")
    assert attempt(dag).state == "reschedule"


def test_rescheduled_it_comes_back_after_its_interval(dag):
    sensor(lambda: False, mode="reschedule", poke_interval=timedelta(minutes=2))
    outcome = attempt(dag)
    assert (outcome.state, outcome.reschedule_at) == (
        "reschedule",
        (NOW + timedelta(minutes=2)).isoformat(),
    )


@pytest.mark.parametrize(
    ("waited_s", "pause_s"), [(0, 60), (59, 60), (60, 120), (179, 120), (180, 240), (99_999, 600)]
)
def test_with_backoff_the_interval_doubles_up_to_max_wait(dag, waited_s, pause_s):
    sensor(lambda: False, mode="reschedule", poke_interval=60, exponential_backoff=True, max_wait=600)
    outcome = attempt(dag, waiting_since=ago(seconds=waited_s))
    assert outcome.reschedule_at == (NOW + timedelta(seconds=pause_s)).isoformat()


def test_the_last_look_is_at_the_timeout(dag):
    sensor(lambda: False, mode="reschedule", poke_interval=60, timeout=100)
    outcome = attempt(dag, waiting_since=ago(seconds=90))
    assert outcome.reschedule_at == (NOW + timedelta(seconds=10)).isoformat()


def test_after_its_timeout_it_fails_and_is_not_tried_again(dag):
    sensor(lambda: False, mode="reschedule", timeout=100)
    outcome = attempt(dag, waiting_since=ago(seconds=100), max_tries=5)
    assert (outcome.state, outcome.retryable) == ("failed", False)
    assert outcome.reason.startswith("SensorTimeout: waited 100 s in vain")


def test_what_has_come_by_the_timeout_is_found(dag):
    sensor(lambda: True, mode="reschedule", timeout=100)
    assert attempt(dag, waiting_since=ago(days=1)).state == "success"


def test_soft_fail_skips_after_the_timeout(dag):
    sensor(lambda: False, soft_fail=True, timeout=0)
    outcome = attempt(dag)
    assert (outcome.state, outcome.reason) == (
        "skipped",
        "waited 0 s in vain, which is the whole of its timeout of 0 s",
    )


@pytest.mark.parametrize(
    ("settings", "error", "state"),
    [
        ({}, ValueError("no"), "failed"),
        ({"soft_fail": True}, ValueError("no"), "failed"),
        ({"soft_fail": True}, FailTask("no"), "skipped"),
        ({"never_fail": True}, ValueError("no"), "skipped"),
        ({"never_fail": True}, FailTask("no"), "skipped"),
        ({"silent_fail": True, "mode": "reschedule"}, ValueError("no"), "reschedule"),
        ({"silent_fail": True}, FailTask("no"), "failed"),
        ({"silent_fail": True}, SkipTask("no"), "skipped"),
    ],
)
def test_what_an_error_in_poke_does(dag, settings, error, state):
    sensor(raising(error), **settings)
    assert attempt(dag).state == state


def test_a_sensor_of_ones_own_overrides_poke(dag):
    class Ready(BaseSensorOperator):
        def poke(self, context):
            return context["ds"] == "2026-11-21"

    Ready(task_id="a")
    assert attempt(dag).state == "success"


def test_default_args_reach_sensors(dag):
    with DAG("e", default_args={"mode": "reschedule", "poke_interval": 5}):
        waiting = PythonSensor(task_id="a", python_callable=bool)
    assert (waiting.mode, waiting.poke_interval) == ("reschedule", 5.0)


def test_a_function_becomes_a_sensor(dag):
    @task.sensor(mode="reschedule", poke_interval=30, timeout=90)
    def arrived(name, ti=None):
        return PokeReturnValue(ti.task_id == "arrived", xcom_value=name)

    @task.sensor
    def soon():
        return True

    arrived("{{ ds }}")
    soon()
    assert attempt(dag, task_id="arrived").xcoms == {"return_value": "2026-11-21"}
    assert attempt(dag, task_id="soon").state == "success"
    assert [each.operator_name for each in dag.tasks] == ["@task.sensor"] * 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mode": "pok"}, "mode='pok': did you mean 'poke'?"),
        ({"poke_interval": "1h"}, "poke_interval='1h': give a timedelta, or a number of seconds"),
        ({"timeout": -1}, "timeout=-1: a duration cannot be negative"),
        ({"soft_fail": True, "never_fail": True}, "choose one"),
        ({"soft_fial": True}, "Did you mean 'soft_fail'?"),
        ({"max_wait": "x"}, "max_wait='x'"),
    ],
)
def test_what_cannot_work_is_refused(dag, settings, words):
    with pytest.raises(BadDag) as refused:
        sensor(bool, **settings)
    assert words in str(refused.value)
