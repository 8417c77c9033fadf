"""2.x: `schedule`, which may be of Airflow 2 or 3."""

from datetime import timedelta

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.utils import timezone
from airflow.utils.timezone import datetime

assert timezone.is_localized(timezone.utcnow())
with DAG(
    "v2_ambiguous_schedule", start_date=datetime(2021, 1, 1), schedule="@weekly", max_active_runs=1
) as dag:
    EmptyOperator(
        task_id="a", execution_timeout=timedelta(minutes=1), email_on_failure=True, executor_config={}
    )
