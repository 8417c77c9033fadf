"""2.x: exceptions that say how a task ends, sensors that give up softly."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
)
from airflow.models.skipmixin import SkipMixin
from airflow.operators.python import PythonOperator
from airflow.sensors.python import PythonSensor
from airflow.utils import timezone

calls = []


def again():
    calls.append(1)
    if len(calls) < 2:
        raise AirflowRescheduleException(timezone.utcnow() + timedelta(seconds=0))


def for_good():
    raise AirflowFailException("no retry")


def skips():
    try:
        raise AirflowSkipException("not today")
    except AirflowException as error:
        raise AirflowSkipException(str(error)) from error


with DAG("v2_skip_and_fail", start_date=datetime(2022, 1, 1), schedule="@daily") as dag:
    PythonOperator(task_id="again", python_callable=again)
    PythonOperator(task_id="for_good", python_callable=for_good, retries=3, retry_delay=timedelta(hours=1))
    PythonOperator(task_id="skips", python_callable=skips)
    PythonSensor(task_id="soft", python_callable=lambda: False, timeout=0.1, poke_interval=0.05, soft_fail=True)

assert issubclass(AirflowSensorTimeout, AirflowException)
assert AirflowTaskTimeout and SkipMixin
expected = {"for_good": "failed", "skips": "skipped", "soft": "skipped"}
