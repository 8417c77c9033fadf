"""A result of a task that somebody gives: under `/api/dirigent`, as Airflow has none."""

from __future__ import annotations

from scheduler.core.ids import TaskKey
from scheduler.operations.set_result import set_result
from scheduler.security.rights import Right
from scheduler.store.engine import Session
from scheduler.store.views.runs import find_run
from scheduler.store.views.tasks import find_task
from webui.api.frame import Fields, Routes
from webui.api.shapes import task_results as shapes
from webui.api.tasks import key_of
from webui.context import actor, now, writing
from webui.rights import needs

routes = Routes(
    "api_task_results",
    "/api/dirigent/dags/<dag_id>/dagRuns/<dag_run_id>/taskInstances/<task_id>/result",
    tag="XCom",
)


@routes.put("", answers=shapes.TaskResult)
@needs(Right.DAG_RUN, Right.XCOM_EDIT)
def put_result(dag_id: str, dag_run_id: str, task_id: str, body: shapes.TaskResultPut) -> Fields:
    """Give a task instance the value that it returns, and mark it as success, in one step."""
    key = key_of(task_id, body.map_index, body.path)

    def write(session: Session) -> Fields:
        judged = set_result(session, now(), dag_id, dag_run_id, key, body.value, actor=actor())
        return _fields(session, dag_id, dag_run_id, key, judged)

    return writing(write)


def _fields(session: Session, dag_id: str, run_id: str, key: TaskKey, judged: list[str]) -> Fields:
    task = find_task(session, find_run(session, dag_id, run_id).id, key.task_id, key.path)
    names = {"dag_id": dag_id, "dag_run_id": run_id, "task_id": key.task_id, "path": key.path}
    return {**names, "state": task.state, "judged_anew": judged}
