"""1.10: the tutorial, with its default_args, schedule_interval and provide_context."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash_operator import BashOperator
from airflow.operators.python_operator import PythonOperator

default_args = {
    "owner": "airflow",
    "depends_on_past": False,
    "start_date": datetime(2015, 6, 1),
    "email": ["airflow@example.com"],
    "email_on_failure": False,
    "email_on_retry": False,
    "retries": 1,
    "retry_delay": timedelta(minutes=5),
    "profiles_dir": "/somewhere",
    "catchup": False,
    "sla": timedelta(hours=2),
}

dag = DAG("v1_tutorial", default_args=default_args, schedule_interval=timedelta(days=1), concurrency=3)


def report(ds, **kwargs):
    assert kwargs["execution_date"] == kwargs["ti"].execution_date
    assert kwargs["next_ds"] >= ds >= kwargs["prev_ds"]
    return ds


t1 = BashOperator(task_id="print_date", bash_command="date", xcom_push=True, dag=dag)
t2 = PythonOperator(task_id="report", python_callable=report, provide_context=True, dag=dag)
templated = (
    "{% for i in range(2) %}echo {{ ds }} {{ macros.ds_add(ds, 7) }} {{ params.my_param }}\n{% endfor %}"
)
t3 = BashOperator(task_id="templated", bash_command=templated, params={"my_param": "mine"}, dag=dag)
t1.set_downstream(t2)
t3.set_upstream(t1)
