"""2.x: what files import of utils, settings and configuration."""

import os

from airflow import settings
from airflow.configuration import conf
from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.models.dag import DAG
from airflow.models.param import Param
from airflow.operators.python import PythonOperator
from airflow.utils.helpers import chunks, merge_dicts
from airflow.utils.session import create_session, provide_session
from airflow.utils.state import DagRunState, State, TaskInstanceState
from airflow.utils.types import DagRunType
from airflow.utils.weekday import WeekDay
from airflow.version import version

assert os.path.isabs(settings.DAGS_FOLDER)  # noqa: PTH117
assert conf.getint("core", "parallelism") > 0
assert conf.get("core", "nothing", fallback="x") == "x"
assert [list(each) for each in chunks([1, 2, 3], 2)] == [[1, 2], [3]]
assert merge_dicts({"a": {"b": 1}}, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}
assert State.SUCCESS == TaskInstanceState.SUCCESS == "success"
assert DagRunState.FAILED in DagRunState
assert DagRunType.MANUAL == "manual"
assert WeekDay.SUNDAY == 7
assert version.split(".")[0] == "3"


@provide_session
def count(session=None):
    with create_session() as other:
        assert session is not other
    try:
        session.query(DAG)
    except Exception as error:
        raise AirflowSkipException("no database") from error


def fails():
    try:
        raise AirflowFailException("for good")
    except AirflowException:
        raise


with DAG(
    "v2_states_and_helpers",
    schedule=None,
    params={"n": Param(3, type="integer", minimum=1, title="How many"), "plain": "x"},
    render_template_as_native_obj=True,
) as dag:
    PythonOperator(task_id="count", python_callable=count)
    PythonOperator(task_id="fails", python_callable=fails, retries=2)
    PythonOperator(task_id="native", python_callable=lambda n: n + 1, op_args=["{{ params.n }}"])

expected = {"count": "skipped", "fails": "failed"}
