"""Sensors whose names in Airflow end with Async defer."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from scheduler import DAG
from scheduler.compat.airflow import sensors
from tests.runtime.attempts import NOW, attempt


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("DateTimeSensorAsync", {"target_time": NOW + timedelta(hours=1)}),
        ("TimeSensorAsync", {"target_time": time(23)}),
        ("TimeDeltaSensorAsync", {"delta": timedelta(hours=1)}),
    ],
)
def test_they_leave_their_wait_to_a_trigger(name, arguments):
    with DAG("d") as dag:
        getattr(sensors, name)(task_id="a", **arguments)
    assert attempt(dag).state == "deferred"
