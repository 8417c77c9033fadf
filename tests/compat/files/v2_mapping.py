"""2.x: tasks mapped over lists and over results, for functions and operators."""

from datetime import datetime

from airflow import DAG
from airflow.decorators import task
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator


@task
def numbers():
    return [1, 2, 3]


@task
def add(x, y):
    return x + y


@task
def total(values):
    assert sorted(values) == [11, 12, 13]


def kwargs_of(n):
    assert n in (1, 2)


with DAG("v2_mapping", start_date=datetime(2022, 1, 1), schedule=None) as dag:
    total(add.partial(y=10).expand(x=numbers()))
    BashOperator.partial(task_id="bash", do_xcom_push=False).expand(bash_command=["echo 1", "echo 2"])
    PythonOperator.partial(task_id="python", python_callable=kwargs_of).expand(op_kwargs=[{"n": 1}, {"n": 2}])
