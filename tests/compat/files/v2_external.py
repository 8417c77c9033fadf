"""2.x: what waits for other DAGs, and starts them, loads with all its arguments."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sensors.external_task import ExternalTaskMarker, ExternalTaskSensor
from airflow.sensors.external_task_sensor import ExternalTaskSensor as Old
from airflow.utils.trigger_rule import TriggerRule

assert Old is ExternalTaskSensor
with DAG("v2_external", start_date=datetime(2021, 1, 1), schedule="@daily") as dag:
    skip = EmptyOperator(task_id="start")
    never = EmptyOperator(task_id="never", trigger_rule=TriggerRule.ALL_FAILED)
    never >> [
        ExternalTaskSensor(
            task_id="waits",
            external_dag_id="other",
            external_task_id="t",
            execution_delta=timedelta(hours=1),
            allowed_states=["success", "skipped"],
            failed_states=["failed"],
            mode="reschedule",
            timeout=60,
            check_existence=True,
            deferrable=False,
        ),
        TriggerDagRunOperator(
            task_id="starts", trigger_dag_id="other", conf={"a": "{{ ds }}"}, wait_for_completion=True, poke_interval=5
        ),
        ExternalTaskMarker(task_id="marks", external_dag_id="other", external_task_id="t"),
    ]
    skip >> never

expected = dict.fromkeys(["never", "waits", "starts", "marks"], "skipped")
