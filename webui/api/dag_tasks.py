"""Tasks of a DAG, as its newest version declares them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from scheduler.core.graph import TaskGraph
from scheduler.errors import NotFound
from scheduler.security.rights import Right
from scheduler.store.absent import nearest_task
from scheduler.store.dags import get_dag
from scheduler.wire import TaskSpec
from webui.api.frame import Fields, Routes
from webui.api.shapes import dag_tasks as shapes
from webui.context import reading, web
from webui.rights import needs

routes = Routes("api_dag_tasks", "/api/v2/dags/<dag_id>/tasks", tag="Task")


@routes.get("", answers=shapes.DagTasks)
@needs(Right.DAG_READ)
def get_tasks(dag_id: str, query: shapes.DagTasksQuery) -> Fields:
    """Return the tasks of a DAG."""
    graph = _graph(dag_id)
    found = [_fields(graph, each) for each in graph.spec.tasks]
    for name in reversed(query.order_by):
        found.sort(key=lambda each: each[name.removeprefix("-")], reverse=name.startswith("-"))
    return {"tasks": found, "total_entries": len(found)}


@routes.get("/<task_id>", answers=shapes.DagTask)
@needs(Right.DAG_READ)
def get_task(dag_id: str, task_id: str) -> Fields:
    """Return one task of a DAG."""
    graph = _graph(dag_id)
    if task_id not in graph.tasks:
        raise NotFound("task", task_id, hint=nearest_task(task_id, graph.tasks))
    return _fields(graph, graph.tasks[task_id])


def _graph(dag_id: str) -> TaskGraph:
    with reading() as session:
        return web().graphs.get(session, get_dag(session, dag_id).version_id)


def _fields(graph: TaskGraph, task: TaskSpec) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "task_display_name": task.label or task.task_id,
        "owner": task.owner or graph.spec.owner,
        "start_date": graph.spec.start_date,
        "end_date": graph.spec.end_date,
        "trigger_rule": task.trigger_rule,
        "depends_on_past": task.depends_on_past,
        "wait_for_downstream": task.wait_for_downstream,
        "retries": task.retries,
        "queue": task.queue,
        "pool": task.pool,
        "pool_slots": task.pool_slots,
        "execution_timeout": _span(task.execution_timeout_s),
        "retry_delay": _span(task.retry_delay_s),
        "retry_exponential_backoff": task.retry_backoff,
        "priority_weight": task.priority_weight,
        "weight_rule": task.weight_rule,
        "ui_color": None,
        "ui_fgcolor": None,
        "template_fields": list(task.template_fields),
        "downstream_task_ids": sorted(graph.downstream(task.task_id)),
        "doc_md": task.doc_md,
        "operator_name": task.operator,
        "params": {},
        "class_ref": {"module_path": None, "class_name": task.operator},
        "is_mapped": task.mapping is not None,
        "extra_links": [],
    }


def _span(seconds: float | None) -> dict[str, int] | None:
    if seconds is None:
        return None
    span = timedelta(seconds=seconds)
    return {"days": span.days, "seconds": span.seconds, "microseconds": span.microseconds}
