"""2.x: an operator that defers itself, and sensors in deferrable mode."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.models import BaseOperator
from airflow.sensors.date_time import DateTimeSensorAsync
from airflow.triggers.base import BaseTrigger, TriggerEvent
from airflow.triggers.temporal import TimeDeltaTrigger
from airflow.utils import timezone


class Naps(BaseOperator):
    def execute(self, context):
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=0)), method_name="wakes")

    def wakes(self, context, event=None):
        return "awake"


assert issubclass(TimeDeltaTrigger, BaseTrigger)
assert TriggerEvent({"a": 1}).payload == {"a": 1}
with DAG("v2_deferrable", start_date=datetime(2021, 1, 1), schedule=None) as dag:
    Naps(task_id="naps")
    DateTimeSensorAsync(task_id="past", target_time=timezone.utcnow() - timedelta(days=1))
