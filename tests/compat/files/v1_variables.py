"""1.10: Variable and XCom by hand, conf of the run, trigger rule as a class."""

from datetime import datetime

from airflow import DAG
from airflow.models import Variable
from airflow.operators.python_operator import PythonOperator
from airflow.utils.trigger_rule import TriggerRule

region = Variable.get("compat_region", default_var="eu")
settings = Variable.get("compat_settings", default_var={"n": 1}, deserialize_json=True)


def push(**context):
    context["task_instance"].xcom_push(key="n", value=settings["n"])
    return "pushed"


def pull(**context):
    assert context["ti"].xcom_pull(key="n", task_ids="push") == 1
    assert context["ti"].xcom_pull(key=None, task_ids="push") == "pushed"
    assert (context["dag_run"].conf or {}).get("x") is None
    raise ValueError("on purpose")


with DAG(
    "v1_variables", start_date=datetime(2020, 1, 1), schedule_interval="0 6 * * *", catchup=False
) as dag:
    push = PythonOperator(task_id="push", python_callable=push, provide_context=True)
    pull = PythonOperator(task_id="pull", python_callable=pull, provide_context=True, retries=0)
    last = PythonOperator(
        task_id="last", python_callable=print, op_args=[region], trigger_rule=TriggerRule.ALL_DONE
    )
    push >> pull >> last

expected = {"pull": "failed"}
