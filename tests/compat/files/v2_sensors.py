"""2.x: sensors, with their usual arguments, and BranchDayOfWeek, LatestOnly."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.latest_only import LatestOnlyOperator
from airflow.operators.weekday import BranchDayOfWeekOperator
from airflow.sensors.base import BaseSensorOperator, PokeReturnValue
from airflow.sensors.bash import BashSensor
from airflow.sensors.date_time import DateTimeSensor
from airflow.sensors.python import PythonSensor
from airflow.sensors.time_delta import TimeDeltaSensor
from airflow.sensors.weekday import DayOfWeekSensor


class Always(BaseSensorOperator):
    def poke(self, context):
        return PokeReturnValue(True, xcom_value=7)


with DAG("v2_sensors", start_date=datetime(2021, 1, 1), schedule_interval="@hourly") as dag:
    Always(task_id="always", poke_interval=1, timeout=5, mode="poke", soft_fail=False)
    PythonSensor(task_id="python", python_callable=lambda: True, mode="reschedule", poke_interval=1)
    BashSensor(task_id="bash", bash_command="true", poke_interval=1)
    DateTimeSensor(task_id="moment", target_time="{{ execution_date }}", poke_interval=1)
    DayOfWeekSensor(
        task_id="day", week_day={"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
    )
    every = BranchDayOfWeekOperator(
        task_id="weekday",
        follow_task_ids_if_true="yes",
        follow_task_ids_if_false="no",
        week_day=["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    )
    every >> [EmptyOperator(task_id="yes"), EmptyOperator(task_id="no")]
    LatestOnlyOperator(task_id="latest") >> EmptyOperator(task_id="after")
    TimeDeltaSensor(task_id="delta", delta=timedelta(seconds=0), poke_interval=1)

expected = {"no": "skipped"}
