"""What people write about a run or a task instance, in Markdown."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.errors import TooLarge
from scheduler.operations.notes import set_note, set_task_note
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.views import runs
from webui.context import actor, now, reading, writing
from webui.details import TaskDetails, task_details
from webui.filters import run_url, task_url
from webui.fragments import is_sheet
from webui.rights import needs
from webui.tongues.speaking import gettext

blueprint = Blueprint("note", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>")


@blueprint.get("/note")
@needs(Right.DAG_RUN)
def form(dag_id: str, run_id: str) -> str:
    """Show the note of a run to change it."""
    run = _run(dag_id, run_id)
    return _form(run, run.note, "")


@blueprint.post("/note")
@needs(Right.DAG_RUN)
def keep(dag_id: str, run_id: str) -> ResponseReturnValue:
    """Keep it; an empty one is none."""
    text = _given()
    problem = _kept(lambda session: set_note(session, now(), dag_id, run_id, text, actor=actor()))
    return (_form(_run(dag_id, run_id), text, problem), 400) if problem else _done(run_url(dag_id, run_id))


@blueprint.get("/tasks/<task_id>/note")
@needs(Right.DAG_RUN)
def task_form(dag_id: str, run_id: str, task_id: str) -> str:
    """Show the note of a task instance to change it."""
    details = _task(dag_id, run_id, task_id)
    return _task_form(details, details.note, "")


@blueprint.post("/tasks/<task_id>/note")
@needs(Right.DAG_RUN)
def task_keep(dag_id: str, run_id: str, task_id: str) -> ResponseReturnValue:
    """Keep it; an empty one is none."""
    text, details = _given(), _task(dag_id, run_id, task_id)
    path = details.task.path

    def write(session: Session) -> None:
        set_task_note(session, now(), dag_id, run_id, task_id, path, text, actor=actor())

    problem = _kept(write)
    return (
        (_task_form(details, text, problem), 400)
        if problem
        else _done(task_url(dag_id, run_id, task_id, path))
    )


def _run(dag_id: str, run_id: str) -> runs.Run:
    with reading() as session:
        return runs.find_run(session, dag_id, run_id)


def _task(dag_id: str, run_id: str, task_id: str) -> TaskDetails:
    return task_details(dag_id, run_id, task_id, request.values.get("path", ""))


def _given() -> str:
    return request.form.get("note", "").replace("\r\n", "\n").strip()


def _kept(write: Callable[[Session], None]) -> str:
    """Write it; return what is wrong with it."""
    try:
        writing(write)
    except TooLarge as error:
        return str(error)
    return ""


def _done(back: str) -> ResponseReturnValue:
    flash(gettext("The note is kept.") if _given() else gettext("The note is gone."))
    return redirect(back, 303)


def _form(run: runs.Run, text: str, problem: str) -> str:
    back = run_url(run.dag_id, run.run_id)
    return _sheet(run, text, problem, back, run_url(run.dag_id, run.run_id, "note.keep"))


def _task_form(details: TaskDetails, text: str, problem: str) -> str:
    run, task = details.run, details.task
    back = task_url(run.dag_id, run.run_id, task.task_id, task.path)
    action = run_url(run.dag_id, run.run_id, "note.task_keep", task_id=task.task_id, path=task.path)
    return _sheet(run, text, problem, back, action, task.task_id)


def _sheet(run: runs.Run, text: str, problem: str, back: str, action: str, of: str = "") -> str:
    about = {"run": run, "of": of, "back": back, "action": action}
    return render_template(
        "note.html", as_sheet=is_sheet(), title=gettext("Note"), text=text, problem=problem, **about
    )
