"""A file written for Airflow in the children that servers use: parsed, and its tasks run."""

from __future__ import annotations

import os
import queue

import pytest

from scheduler.clock import SystemClock
from scheduler.runtime.supervisor import Supervisor
from scheduler.wire import Outcome
from tests.runtime.conftest import Crew, nothing_known

FILE = """
from datetime import datetime
from airflow import DAG
from airflow.operators.python_operator import PythonOperator

def task(ds, **kwargs):
    print(kwargs["execution_date"].year, kwargs["ti"].task_id)

with DAG("d", start_date=datetime(2020, 1, 1), schedule_interval="@daily") as dag:
    PythonOperator(task_id="task", python_callable=task, provide_context=True)
"""


@pytest.fixture
def crew(tmp_path):
    outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    supervisor = Supervisor(
        on_outcome=outcomes.put, answer=nothing_known, clock=SystemClock(), environ=os.environ
    )
    supervisor.start()
    yield Crew(tmp_path, supervisor, outcomes)
    supervisor.close()


def test_a_server_parses_it_and_runs_its_tasks(crew):
    (crew.code_root / "tasks.py").write_text(FILE)
    parsed = crew.supervisor.parse(str(crew.code_root), "tasks.py", timeout_s=10, memory_bytes=None)
    assert parsed.error is None
    (dag,) = parsed.dags
    assert (dag.compat, dag.schedule.kind) == ("airflow", "cron_interval")
    assert parsed.warnings[0] == (
        "tasks.py:9: OldForm: start_date: 2020-01-01 00:00:00 has no time zone and is taken as UTC; "
        "write datetime(..., tzinfo=UTC)"
    )
    assert crew.run().state == "success"
    assert crew.printed() == ["2026 task"]
