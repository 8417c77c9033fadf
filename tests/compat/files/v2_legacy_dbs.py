"""2.x: rows of Airflow's database are named, not used: type hints, tests for kinds."""

from datetime import datetime
from typing import TYPE_CHECKING

from airflow import DAG, settings
from airflow.models import DagBag, DagModel, DagRun, SlaMiss, TaskInstance
from airflow.models.taskinstance import TaskInstance as Same
from airflow.operators.python import PythonOperator
from airflow.utils.session import NEW_SESSION, provide_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

assert TaskInstance is Same


def sla(dag: DAG, misses: "list[SlaMiss]"):
    raise AssertionError("never called")


@provide_session
def latest(dag_run: DagRun, session: "Session" = NEW_SESSION) -> "DagModel | None":
    return None


def kinds(ti: TaskInstance, dag_run: DagRun):
    assert isinstance(ti, TaskInstance)
    assert isinstance(dag_run, DagRun)
    assert not isinstance(dag_run, TaskInstance)
    assert latest(dag_run) is None


with DAG("v2_legacy_dbs", start_date=datetime(2021, 1, 1), schedule=None, sla_miss_callback=sla) as dag:
    PythonOperator(task_id="kinds", python_callable=kinds)

assert DagBag and settings.Session
