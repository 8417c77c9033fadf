"""Mark a task or a run as success or failed, without running anything."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.errors import BadParams
from scheduler.operations.mark import mark_run, mark_task
from scheduler.store.views import runs, tasks
from webui.context import actor, now, reading, writing
from webui.filters import command, run_url
from webui.fragments import is_sheet

blueprint = Blueprint("mark", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>/mark")


def _to() -> Literal["success", "failed"]:
    match request.values.get("to", ""):
        case "success":
            return "success"
        case "failed":
            return "failed"
        case other:
            raise BadParams(f"A task or run is marked as success or failed, not as {other!r}.")


@blueprint.get("")
def form(dag_id: str, run_id: str) -> str:
    """Show what the mark changes."""
    task_id, path, to = request.args.get("task", ""), request.args.get("path", ""), _to()
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        found = [tasks.find_task(session, run.id, task_id, path)] if task_id else []
    changes = [(each.task_id, each.state, to) for each in found] or [("the run", run.state, to)]
    return render_template(
        "confirm.html",
        as_sheet=is_sheet(),
        title=f"Mark {task_id or 'the run'} as {to}",
        run=run,
        action=run_url(dag_id, run_id, "mark.apply"),
        hidden={"task": task_id, "path": path, "to": to},
        effect="Nothing runs because of this mark alone; what waits for the task goes on by its rules."
        if task_id
        else "Tasks that have not ended are stopped and marked too.",
        changes=changes,
        line=command("tasks", "mark", dag_id, run_id, task_id, to)
        if task_id
        else command("runs", "mark", dag_id, run_id, to),
        button=f"Mark as {to}",
    )


@blueprint.post("")
def apply(dag_id: str, run_id: str) -> ResponseReturnValue:
    """Mark it."""
    task_id, path, to = request.form.get("task", ""), request.form.get("path", ""), _to()
    if task_id:
        writing(
            lambda session: mark_task(
                session, now(), dag_id, run_id, task_id, to=to, path=path, actor=actor()
            )
        )
    else:
        writing(lambda session: mark_run(session, now(), dag_id, run_id, to=to, actor=actor()))
    flash(f"{task_id or 'The run'} was marked as {to}.")
    return redirect(run_url(dag_id, run_id), 303)
