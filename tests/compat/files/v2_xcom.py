"""2.x: XComArg in every shape, XCom of models, keys, defaults."""

from datetime import datetime

from airflow import DAG, XComArg
from airflow.models import XCom
from airflow.models.xcom import XCOM_RETURN_KEY
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.utils.task_group import TaskGroup


def make(ti):
    ti.xcom_push("part", [1, 2])
    return {"whole": 3}


def use(whole, part, ti=None, run_id=None):
    assert (whole, part) == ({"whole": 3}, [1, 2])
    assert ti.xcom_pull(task_ids="make", key="part") == [1, 2]
    assert ti.xcom_pull(task_ids=["make"]) == [{"whole": 3}]
    assert ti.xcom_pull(task_ids="make", key="none", default=7) == 7
    assert XCom.get_one(run_id=run_id, task_id="make", key=XCOM_RETURN_KEY) == {"whole": 3}
    assert XCom.get_value(task_id="make", key="part") == [1, 2]


with DAG("v2_xcom", start_date=datetime(2021, 1, 1), schedule="@daily", catchup=False) as dag:
    making = PythonOperator(task_id="make", python_callable=make)
    PythonOperator(task_id="use", python_callable=use, op_args=[making.output, XComArg(making, key="part")])
    with TaskGroup(group_id="group"):
        BashOperator(task_id="bash", bash_command="test '{{ ti.xcom_pull(task_ids=\"make\")[\"whole\"] }}' = 3", do_xcom_push=False)
    making >> dag.get_task("group.bash")
