"""2.x: pendulum, which Airflow brings: start dates, and dates in templates with its methods."""

import pendulum

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator

LINE = "{{ logical_date.to_date_string() }} {{ execution_date.add(days=1).format('YYYY') }} {{ data_interval_end.int_timestamp }}"


def check(logical_date, dag_run, prev_execution_date=None, **context):
    assert isinstance(logical_date, pendulum.DateTime)
    assert dag_run.logical_date.subtract(days=1) < logical_date
    assert context["ti"].execution_date.add(days=1) > logical_date
    assert context["macros"].datetime


with DAG(
    "v2_pendulum",
    start_date=pendulum.datetime(2021, 1, 1, tz="Europe/Amsterdam"),
    schedule_interval="0 4 * * *",
    end_date=pendulum.today("UTC").add(years=10),
) as dag:
    BashOperator(task_id="bash", bash_command="echo " + LINE) >> PythonOperator(task_id="check", python_callable=check)

assert dag.timezone == "Europe/Amsterdam"
