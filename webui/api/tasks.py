"""Task instances of a run, and their logs."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.errors import BadParams, NotFound
from scheduler.logs.lines import LEVELS, SOURCES, fields
from scheduler.logs.selection import Selection
from scheduler.security.rights import Right
from scheduler.store.absent import no_task
from scheduler.store.views import runs
from scheduler.store.views.fields import task_fields
from webui.api.paging import window
from webui.context import reading, web
from webui.details import TaskDetails, log_address, task_details
from webui.fragments import data
from webui.instances import instances_of
from webui.numbers import number
from webui.rights import needs

blueprint = Blueprint(
    "api_tasks", __name__, url_prefix="/api/v2/dags/<dag_id>/dagRuns/<run_id>/taskInstances"
)


@blueprint.get("")
@needs(Right.DAG_READ)
def show_all(dag_id: str, run_id: str) -> Response:
    """Return the task instances of a run."""
    part = window()
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        found = runs.list_tasks(session, run.id)
    shown = found[part.offset : part.offset + part.limit]
    return data(task_instances=[task_fields(run, task) for task in shown], total_entries=len(found))


@blueprint.get("/<task_id>")
@needs(Right.DAG_READ)
def show(dag_id: str, run_id: str, task_id: str) -> Response:
    """Return one task instance; of a mapped task the one of `map_index`, or of `path` in a mapped group."""
    details = _details(dag_id, run_id, task_id)
    return data(**task_fields(details.run, details.task))


@blueprint.get("/<task_id>/<int:map_index>")
@needs(Right.DAG_READ)
def show_mapped(dag_id: str, run_id: str, task_id: str, map_index: int) -> Response:
    """Return one instance of a mapped task."""
    details = task_details(dag_id, run_id, task_id, str(map_index))
    return data(**task_fields(details.run, details.task))


@blueprint.get("/<task_id>/listMapped")
@needs(Right.DAG_READ)
def show_instances(dag_id: str, run_id: str, task_id: str) -> Response:
    """Return the instances of a mapped task, in the order of their indices."""
    part = window()
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        found = [task for task in instances_of(runs.list_tasks(session, run.id), task_id) if task.path]
        if not found:
            raise no_task(session, run.id, task_id, "0")
    shown = found[part.offset : part.offset + part.limit]
    return data(task_instances=[task_fields(run, task) for task in shown], total_entries=len(found))


def _details(dag_id: str, run_id: str, task_id: str) -> TaskDetails:
    """Return the instance that is asked for: -1 is a task that is not mapped. Raises NotFound."""
    path = request.args.get("path") or request.args.get("map_index", "")
    details = task_details(dag_id, run_id, task_id, "" if path == "-1" else path)
    if details.task.path and path in ("", "-1"):
        hint = "The task is mapped: give the map_index of one of its instances, which `listMapped` lists."
        raise NotFound("task instance", task_id, hint=hint)
    return details


@blueprint.get("/<task_id>/logs/<int:try_number>")
@needs(Right.LOG_READ)
def log(dag_id: str, run_id: str, task_id: str, try_number: int) -> Response:
    """Return the log of an attempt, from `token` on; the answer's token asks for what follows.

    Of a mapped task the log of the instance of `map_index`, or `path`.
    `level`, `source` (may be repeated) and `logger` choose lines.
    """
    details = _details(dag_id, run_id, task_id)
    if not 1 <= try_number <= len(details.attempts):
        raise NotFound("attempt", str(try_number))
    offset = request.args.get("token", 0, type=number)
    address = log_address(details, details.attempts[try_number - 1].id)
    part = web().logs.read(address, max(0, offset))
    content = [fields(line) for line in _selection().of(part.lines)]
    return data(content=content, continuation_token=None if part.done else str(part.next_offset))


def _selection() -> Selection:
    level, sources = request.args.get("level", ""), request.args.getlist("source")
    for name, value, known in [
        ("level", level or LEVELS[0], LEVELS),
        *(("source", each, SOURCES) for each in sources),
    ]:
        if value not in known:
            raise BadParams(f"{name}={value[:40]!r} is none of {', '.join(known)}.")
    return Selection(level, frozenset(sources), request.args.get("logger", ""))
