"""1.10: every argument of limits, retries, pools and priorities."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash_operator import BashOperator
from airflow.utils.weight_rule import WeightRule

default_args = {
    "owner": "airflow",
    "depends_on_past": True,
    "wait_for_downstream": False,
    "start_date": "2020-01-01",
    "retries": 1,
    "retry_delay": timedelta(seconds=1),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=1),
    "pool": "default_pool",
    "priority_weight": 10,
    "queue": "default",
    "end_date": None,
    "execution_timeout": timedelta(minutes=5),
    "on_failure_callback": None,
    "email_on_failure": True,
    "max_active_runs": 3,
    "schedule_interval": "@daily",
}
with DAG(
    "v1_depends",
    default_args=default_args,
    schedule_interval="30 5 * * *",
    catchup=False,
    max_active_runs=3,
    dagrun_timeout=timedelta(hours=2),
    is_paused_upon_creation=True,
    access_control={"role": {"can_read"}},
    description="limits",
) as dag:
    for name in ("a", "b"):
        BashOperator(task_id=name, bash_command="true", weight_rule=WeightRule.ABSOLUTE, pool_slots=1, sla=timedelta(1))

assert dag.default_args["owner"] == "airflow"
