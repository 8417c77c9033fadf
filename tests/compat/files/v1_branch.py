"""1.10: branch, short circuit and dummies under their old modules."""

from airflow.models import DAG
from airflow.operators.dummy_operator import DummyOperator
from airflow.operators.python_operator import BranchPythonOperator, ShortCircuitOperator
from airflow.utils.dates import days_ago

args = {"owner": "me", "start_date": days_ago(2), "provide_context": True}
with DAG(
    dag_id="v1_branch", default_args=args, schedule_interval="@daily", default_view="graph", orientation="TB"
) as dag:
    choose = BranchPythonOperator(task_id="choose", python_callable=lambda **context: "left")
    left, right = DummyOperator(task_id="left"), DummyOperator(task_id="right")
    join = DummyOperator(task_id="join", trigger_rule="none_failed_or_skipped")
    stop = ShortCircuitOperator(task_id="stop", python_callable=lambda: False)
    never = DummyOperator(task_id="never")
    choose >> [left, right] >> join >> stop >> never

expected = {"right": "skipped", "never": "skipped"}
