"""1.10: callbacks that ask the context for what they tell."""

from datetime import datetime

from airflow import DAG
from airflow.operators.python_operator import PythonOperator
from airflow.utils.state import State

told = []


def tell(context):
    instance = context["task_instance"]
    told.append((instance.task_id, instance.state, str(context.get("exception"))))
    assert context["dag"].dag_id == "v1_callbacks"
    assert instance.get_dagrun().run_id == context["run_id"]
    assert instance.state == State.FAILED


def fails():
    raise ValueError("on purpose")


def check():
    assert told == [("fails", "failed", "on purpose")], told


with DAG("v1_callbacks", start_date=datetime(2020, 1, 1), schedule_interval="@once", on_failure_callback=print) as dag:
    failing = PythonOperator(task_id="fails", python_callable=fails, on_failure_callback=tell)
    failing >> PythonOperator(task_id="check", python_callable=check, trigger_rule="all_done")

expected = {"fails": "failed"}
