"""One task instance: its attempts with their logs, what it was given, what it handed on, why it waits."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.errors import NotFound
from scheduler.operations.states import read_states
from scheduler.security.rights import Right
from scheduler.store.views import runs, tasks
from webui import attempts as beside
from webui import stretches
from webui.context import now, reading
from webui.details import TaskDetails, task_details, why_not_running
from webui.fragments import page
from webui.numbers import number
from webui.rights import needs
from webui.timelines import present

blueprint = Blueprint("task", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>/tasks/<task_id>")

_EVENTS = 200


def _head(dag_id: str, run_id: str, task_id: str) -> dict[str, object]:
    """Return what stands at the head of each tab: the task and the attempt that is looked at."""
    details = task_details(dag_id, run_id, task_id, request.args.get("path", ""))
    return {
        "details": details,
        "attempt": _chosen(details, request.args.get("try", type=int)),
        "why": why_not_running(details),
    }


def _chosen(details: TaskDetails, place: int | None) -> tasks.Attempt | None:
    if place is None:
        return details.newest
    if 1 <= place <= len(details.attempts):
        return details.attempts[place - 1]
    raise NotFound("attempt", str(place))


@blueprint.get("")
@needs(Right.LOG_READ)
def show(dag_id: str, run_id: str, task_id: str) -> Response:
    """Show the log of an attempt."""
    return page("task_log.html", tab="log", **_head(dag_id, run_id, task_id))


@blueprint.get("/xcom")
@needs(Right.XCOM_READ)
def xcom(dag_id: str, run_id: str, task_id: str) -> Response:
    """Show what the task handed on."""
    head = _head(dag_id, run_id, task_id)
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        values = tasks.list_xcoms(session, run.id, task_id, request.args.get("path", ""))
    return page("task_xcom.html", tab="xcom", values=values, **head)


@blueprint.get("/state")
@needs(Right.XCOM_READ)
def state(dag_id: str, run_id: str, task_id: str) -> Response:
    """Show what the task keeps between its attempts."""
    task = task_details(dag_id, run_id, task_id, request.args.get("path", "")).task
    with reading() as session:
        kept = read_states(session, now(), dag_id, run_id, task_id, path=task.path)
    shown = {"kept": kept, "shown": tasks.SHOWN_CHARACTERS}
    return page("task_state.html", tab="state", **shown, **_head(dag_id, run_id, task_id))


@blueprint.get("/rendered")
@needs(Right.DAG_READ)
def rendered(dag_id: str, run_id: str, task_id: str) -> Response:
    """Show the templates as the attempt saw them."""
    return page("task_rendered.html", tab="rendered", **_head(dag_id, run_id, task_id))


@blueprint.get("/attempts")
@needs(Right.LOG_READ)
def attempts(dag_id: str, run_id: str, task_id: str) -> Response:
    """Show two attempts beside each other: their facts, their logs, and what they were given that differs."""
    head = task_details(dag_id, run_id, task_id, request.args.get("path", ""))
    chosen = beside.pair(
        head.attempts, request.args.get("one", type=number), request.args.get("other", type=number)
    )
    pair = [attempt for _, attempt in chosen]
    model = {"chosen": chosen, "facts": beside.facts(pair), "changes": beside.changes(pair)}
    return page("task_attempts.html", tab="attempts", **model, **_head(dag_id, run_id, task_id))


@blueprint.get("/events")
@needs(Right.DAG_READ)
def events(dag_id: str, run_id: str, task_id: str) -> Response:
    """Show what happened to the task: drawn, an attempt below the other, and in words, newest first."""
    details = task_details(dag_id, run_id, task_id, request.args.get("path", ""))
    with reading() as session:
        found = runs.list_events(session, details.run.id, _EVENTS, task_pk=details.task.id)
    drawn = {"drawing": stretches.draw(reversed(found), present(now())), "width": stretches.WIDTH}
    return page("task_events.html", tab="events", events=found, **drawn, **_head(dag_id, run_id, task_id))
