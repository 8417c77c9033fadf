"""2.x: nested task groups, their default_args, prefixes and arrows."""

from datetime import datetime

from airflow import DAG
from airflow.decorators import task_group
from airflow.operators.empty import EmptyOperator
from airflow.utils.task_group import TaskGroup

with DAG("v2_group_defaults", start_date=datetime(2021, 1, 1), schedule="@once", default_args={"retries": 1}) as dag:
    with TaskGroup("outer", default_args={"retries": 3}, prefix_group_id=False) as outer:
        EmptyOperator(task_id="plain")
        with TaskGroup(group_id="inner", tooltip="inner", ui_fgcolor="#000") as inner:
            EmptyOperator(task_id="deep", retries=5)

    @task_group(default_args={"owner": "group"})
    def made():
        EmptyOperator(task_id="one") >> EmptyOperator(task_id="two")

    outer >> made()
    inner >> EmptyOperator(task_id="last", dag=dag)

assert [task.retries for task in dag.tasks] == [3, 5, 1, 1, 1]
assert dag.get_task("made.one").owner == "group"
assert set(dag.task_ids) == {"plain", "inner.deep", "made.one", "made.two", "last"}
