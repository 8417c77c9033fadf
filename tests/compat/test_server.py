"""A file written for Airflow on a server: it arrives paused, is read as the settings say, and runs when triggered."""

from __future__ import annotations

from tests.integration.project import project
from tests.integration.record import FINISHED
from tests.integration.waiting import eventually

FILE = """
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("orders", start_date=datetime(2026, 1, 1), schedule="@daily"):
    BashOperator(task_id="say", bash_command="echo {{ execution_date.year }}")
"""


def test_it_arrives_paused_is_read_as_the_settings_say_and_runs_when_it_is_triggered(tmp_path):
    with project(tmp_path / "shop") as shop:
        (shop.folder / "dirigent.toml").write_text('airflow_schedule = "interval"\n')
        shop.write("orders.py", FILE)
        shop.start()
        dag = eventually(lambda: shop.record.dag("orders"), told=shop.told)
        assert dag.is_paused
        assert (dag.next_interval_end - dag.next_interval_start).days == 1
        run = shop.trigger("orders")
        eventually(lambda: run.state in FINISHED, told=shop.told)
        assert run.state == "success"
        assert "2026" in run.log("say")
