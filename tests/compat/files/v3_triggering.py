"""3.x: what starts other DAGs and waits for them, asynchronous names of sensors, timetables."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.datetime import BranchDateTimeOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.latest_only import LatestOnlyOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensor, DateTimeSensorAsync
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor
from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import DAG, CronDataIntervalTimetable

with DAG(
    "v3_triggering",
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=datetime(2025, 1, 1),
    max_consecutive_failed_dag_runs=2,
    fail_fast=True,
) as dag:
    branch = BranchDateTimeOperator(
        task_id="branch",
        follow_task_ids_if_true=["past"],
        follow_task_ids_if_false=["future"],
        target_upper=datetime(2035, 1, 1),
        target_lower=datetime(2020, 1, 1),
    )
    past, future = EmptyOperator(task_id="past"), EmptyOperator(task_id="future")
    branch >> [past, future]
    future >> [
        TriggerDagRunOperator(task_id="starts", trigger_dag_id="other", logical_date="{{ ds }}", deferrable=True),
        ExternalTaskSensor(task_id="waits", external_dag_id="other", execution_date_fn=lambda moment: [moment]),
    ]
    LatestOnlyOperator(task_id="latest") >> FileSensor(task_id="file", filepath=__file__, poke_interval=timedelta(seconds=1))
    PythonSensor(task_id="python", python_callable=lambda ds: bool(ds), poke_interval=1)

assert DateTimeSensor and DateTimeSensorAsync and TimeDeltaSensor and DateTimeTrigger
expected = dict.fromkeys(["future", "starts", "waits"], "skipped")
