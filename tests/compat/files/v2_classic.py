"""2.x: the classic operators at their 2.x addresses, task groups, labels."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.models.baseoperator import chain, cross_downstream
from airflow.operators.bash import BashOperator
from airflow.operators.dummy import DummyOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import (
    BranchPythonOperator,
    PythonOperator,
    ShortCircuitOperator,
    get_current_context,
)
from airflow.utils.edgemodifier import Label
from airflow.utils.task_group import TaskGroup


def here(**_):
    context = get_current_context()
    assert context["task"].task_id == "work.here"
    assert context["data_interval_start"] <= context["data_interval_end"]
    return context["ts_nodash_with_tz"]


with DAG(
    dag_id="v2_classic",
    start_date=datetime(2021, 1, 1),
    schedule_interval="*/15 * * * *",
    catchup=False,
    tags=["example"],
    dagrun_timeout=timedelta(hours=1),
    max_active_tasks=4,
) as dag:
    start = EmptyOperator(task_id="start")
    with TaskGroup("work", tooltip="the work", ui_color="#eee") as work:
        here = PythonOperator(task_id="here", python_callable=here)
        there = BashOperator(
            task_id="there", bash_command="echo $WHO", env={"WHO": "{{ dag.dag_id }}"}, append_env=True
        )
        cross_downstream([here], [there])
    end = DummyOperator(task_id="end")
    chain(start, work, end)
    (
        start
        >> Label("and")
        >> BranchPythonOperator(task_id="pick", python_callable=lambda: ["yes"])
        >> [
            ShortCircuitOperator(task_id="yes", python_callable=lambda: True),
            EmptyOperator(task_id="no"),
        ]
    )

expected = {"no": "skipped"}
