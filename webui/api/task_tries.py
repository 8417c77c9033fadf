"""Task instances, looked into: their tries, and why one does not run."""

from __future__ import annotations

from typing import Any

from scheduler.core.ids import TaskKey
from scheduler.errors import NotFound
from scheduler.operations.explain import explain_task
from scheduler.security.rights import Right
from scheduler.store.views.tasks import list_attempts
from webui.api.frame import Fields, Routes
from webui.api.shapes import tasks as shapes
from webui.api.task_fields import tried
from webui.api.tasks import find_instance, key_of
from webui.context import reading
from webui.rights import needs

_ONE = "/<task_id>"
_INSTANCE = f"{_ONE}/<int(signed=True):map_index>"

routes = Routes(
    "api_task_tries", "/api/v2/dags/<dag_id>/dagRuns/<dag_run_id>/taskInstances", tag="Task Instance"
)


@routes.get(f"{_ONE}/tries", answers=shapes.Attempts)
@needs(Right.DAG_READ)
def get_task_instance_tries(dag_id: str, dag_run_id: str, task_id: str, query: shapes.Instance) -> Fields:
    """Return the tries of a task instance, oldest first."""
    return _tries(dag_id, dag_run_id, key_of(task_id, query.map_index, query.path))


@routes.get(f"{_INSTANCE}/tries", answers=shapes.Attempts)
@needs(Right.DAG_READ)
def get_mapped_task_instance_tries(dag_id: str, dag_run_id: str, task_id: str, map_index: int) -> Fields:
    """Return the tries of one instance of a mapped task, oldest first."""
    return _tries(dag_id, dag_run_id, key_of(task_id, map_index))


@routes.get(f"{_ONE}/tries/<int:task_try_number>", answers=shapes.Attempt)
@needs(Right.DAG_READ)
def get_task_instance_try_details(
    dag_id: str, dag_run_id: str, task_id: str, task_try_number: int, query: shapes.Instance
) -> Fields:
    """Return one try of a task instance."""
    return _try(dag_id, dag_run_id, key_of(task_id, query.map_index, query.path), task_try_number)


@routes.get(f"{_INSTANCE}/tries/<int:task_try_number>", answers=shapes.Attempt)
@needs(Right.DAG_READ)
def get_mapped_task_instance_try_details(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int, task_try_number: int
) -> Fields:
    """Return one try of one instance of a mapped task."""
    return _try(dag_id, dag_run_id, key_of(task_id, map_index), task_try_number)


def _tries(dag_id: str, run_id: str, key: TaskKey) -> dict[str, Any]:
    with reading() as session:
        entry = find_instance(session, dag_id, run_id, key)
        attempts = [each for each in list_attempts(session, entry.task.id) if each.kind == "task"]
        newest = {each.try_number: each for each in attempts}
        found = tried(session, entry, newest.values())
    return {"task_instances": found, "total_entries": len(found)}


def _try(dag_id: str, run_id: str, key: TaskKey, try_number: int) -> Fields:
    found: list[dict[str, Any]] = _tries(dag_id, run_id, key)["task_instances"]
    for each in found:
        if each["try_number"] == try_number:
            return each
    raise NotFound("attempt", str(try_number))


@routes.get(f"{_ONE}/dependencies", answers=shapes.Dependencies)
@needs(Right.DAG_READ)
def get_task_instance_dependencies(
    dag_id: str, dag_run_id: str, task_id: str, query: shapes.Instance
) -> Fields:
    """Return why a task instance does not run; nothing where it runs, or has ended."""
    return _dependencies(dag_id, dag_run_id, key_of(task_id, query.map_index, query.path))


@routes.get(f"{_INSTANCE}/dependencies", answers=shapes.Dependencies)
@needs(Right.DAG_READ)
def get_task_instance_dependencies_by_map_index(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int
) -> Fields:
    """Return why one instance of a mapped task does not run."""
    return _dependencies(dag_id, dag_run_id, key_of(task_id, map_index))


def _dependencies(dag_id: str, run_id: str, key: TaskKey) -> Fields:
    with reading() as session:
        entry = find_instance(session, dag_id, run_id, key)
        waits = entry.task.end_date is None and entry.task.state != "running"
        reasons = explain_task(session, dag_id, run_id, key.task_id, path=key.path) if waits else []
    return {"dependencies": [{"name": entry.task.state, "reason": each} for each in reasons]}
