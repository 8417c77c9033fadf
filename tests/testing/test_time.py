"""Time in `dag.test()`: nothing sleeps, and the clock goes as it would on a server."""

import asyncio
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from scheduler import DAG, EmptyOperator, FileSensor, PythonSensor, TimeDeltaSensor, task
from scheduler.errors import NaiveDate
from scheduler.sdk.sensor import BaseSensorOperator
from scheduler.testing.clocks import StandingClock, TestClock
from scheduler.testing.jumping_loop import InVain, run_leaping

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(hours=0.0, minutes=0.0):
    return NOON + timedelta(hours=hours, minutes=minutes)


@task
def work():
    sys.stdout.write("worked")


class Third(BaseSensorOperator):
    """Keeps count in itself, as a sensor in mode `poke` may."""

    looks = 0

    def poke(self, context):
        self.looks += 1
        return self.looks == 3


def test_retries_come_after_their_delay_and_others_run_meanwhile():
    with DAG("d") as dag:
        work.override(task_id="flaky", retries=2, retry_delay=600, retry_exponential_backoff=2.0)()
        work.override(task_id="other")() >> EmptyOperator(task_id="last")
    result = dag.test(now=NOON, fail={"flaky": 2})
    assert [(each.task_id, each.started_at) for each in result.attempts] == [
        ("flaky", NOON), ("other", NOON), ("last", NOON), ("flaky", at(minutes=10)), ("flaky", at(minutes=30)),
    ]  # fmt: skip
    assert result.order == ["other", "last", "flaky"]
    assert "worked" in result.logs["flaky"]


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_a_sensor_looks_again_at_its_interval(mode):
    with DAG("d") as dag:
        if mode == "poke":
            Third(task_id="wait", poke_interval=3600)
        else:
            PythonSensor(
                task_id="wait",
                python_callable=lambda ti: ti.waiting_since is not None,
                poke_interval=3600,
                mode=mode,
            )
    (tried,) = dag.test(now=NOON).attempts
    assert (tried.state, tried.started_at) == ("success", NOON)
    assert tried.ended_at == at(hours=2 if mode == "poke" else 1)


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_a_sensor_that_waits_in_vain_ends_with_its_timeout(mode):
    with DAG("d") as dag:
        PythonSensor(task_id="wait", python_callable=bool, poke_interval=600, timeout=3600, mode=mode)
    result = dag.test(now=NOON)
    assert result.errors["wait"].type == "SensorTimeout"
    assert result.attempts[0].ended_at == at(hours=1)


@pytest.mark.parametrize("deferrable", [False, True])
def test_waits_of_days_take_no_time(deferrable):
    with DAG("d") as dag:
        TimeDeltaSensor(task_id="wait", delta=timedelta(days=3), deferrable=deferrable)
    (tried,) = dag.test(now=NOON).attempts
    assert tried.state == "success"
    assert timedelta(days=3) <= tried.ended_at - NOON < timedelta(days=3, hours=1)


def test_a_deferred_sensor_that_waits_in_vain_ends_with_its_timeout(tmp_path):
    with DAG("d") as dag:
        FileSensor(
            task_id="wait", filepath=str(tmp_path / "never"), deferrable=True, poke_interval=60, timeout=3600
        )
    result = dag.test(now=NOON)
    assert (result.errors["wait"].type, result.attempts[0].ended_at) == ("SensorTimeout", at(hours=1))


def test_a_task_that_asks_to_be_called_for_ever_fails_in_the_end():
    from_now = timedelta(seconds=1)
    with DAG("d") as dag:
        PythonSensor(task_id="wait", python_callable=bool, poke_interval=from_now, mode="reschedule")
    assert "called 2,000 times in vain" in dag.test(now=NOON).errors["wait"].message


def test_now_must_have_a_time_zone():
    with pytest.raises(NaiveDate, match="now="):
        DAG("d").test(now=NOON.replace(tzinfo=None))


def test_the_loop_waits_for_threads_and_leaps_over_sleep():
    clock = TestClock(StandingClock(NOON))
    release = threading.Event()

    async def both():
        asyncio.get_running_loop().call_soon(release.set)
        assert await asyncio.to_thread(release.wait, 10)
        woken = clock.now()
        await asyncio.sleep(86400)
        return woken

    assert run_leaping(both(), clock) == NOON
    assert clock.now() == NOON + timedelta(days=1)


def test_the_loop_gives_up_a_wait_without_end():
    async def forever():
        while True:
            await asyncio.sleep(1)

    with pytest.raises(InVain, match="20,000 times"):
        run_leaping(forever(), TestClock(StandingClock(NOON)))


def test_what_a_task_writes_as_bytes_is_let_through():
    @task
    def write():
        sys.stdout.buffer.write(b"bytes")
        sys.stdout.write("text")
        return sys.stdout.encoding.lower()

    with DAG("d") as dag:
        write()
    result = dag.test()
    assert (result.xcoms["write"], result.logs["write"]) == ("utf-8", "text")
