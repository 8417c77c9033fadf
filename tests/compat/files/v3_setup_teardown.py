"""3.x: setups and teardowns in both forms."""

from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, setup, task, teardown


@setup
def make():
    return "made"


@teardown
def drop():
    return "dropped"


@task
def work():
    raise ValueError("on purpose")


with DAG("v3_setup_teardown", schedule=None, start_date=datetime(2025, 1, 1)) as dag:
    make() >> work() >> drop()
    first = EmptyOperator(task_id="first").as_setup()
    first >> EmptyOperator(task_id="middle") >> EmptyOperator(task_id="last").as_teardown(setups=first)

expected = {"work": "failed"}
