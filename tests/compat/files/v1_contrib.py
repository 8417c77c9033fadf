"""1.10: sensors and weekdays of airflow.contrib."""

from datetime import datetime

from airflow import DAG
from airflow.contrib.operators.bash_operator import BashOperator
from airflow.contrib.sensors.file_sensor import FileSensor
from airflow.contrib.sensors.python_sensor import PythonSensor
from airflow.contrib.utils.weekday import WeekDay

with DAG(
    "v1_contrib", start_date=datetime(2020, 1, 1), schedule_interval="@once", sla_miss_callback=print
) as dag:
    there = FileSensor(task_id="there", filepath=__file__, poke_interval=1, timeout=5)
    true = PythonSensor(task_id="true", python_callable=lambda: WeekDay.MONDAY == 1, poke_interval=1)
    [there, true] >> BashOperator(task_id="end", bash_command="echo {{ next_execution_date }}")
