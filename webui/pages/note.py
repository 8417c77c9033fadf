"""What people write about a run, in Markdown."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.errors import TooLarge
from scheduler.operations.notes import set_note
from scheduler.security.rights import Right
from scheduler.store.views import runs
from webui.context import actor, now, reading, writing
from webui.filters import run_url
from webui.fragments import is_sheet
from webui.rights import needs

blueprint = Blueprint("note", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>/note")


@blueprint.get("")
@needs(Right.DAG_RUN)
def form(dag_id: str, run_id: str) -> str:
    """Show the note to change it."""
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
    return _form(run, run.note, "")


@blueprint.post("")
@needs(Right.DAG_RUN)
def keep(dag_id: str, run_id: str) -> ResponseReturnValue:
    """Keep it; an empty one is none."""
    text = request.form.get("note", "").replace("\r\n", "\n").strip()
    try:
        writing(lambda session: set_note(session, now(), dag_id, run_id, text, actor=actor()))
    except TooLarge as error:
        with reading() as session:
            return _form(runs.find_run(session, dag_id, run_id), text, str(error)), 400
    flash("The note is kept." if text else "The note is gone.")
    return redirect(run_url(dag_id, run_id), 303)


def _form(run: runs.Run, text: str, problem: str) -> str:
    return render_template(
        "note.html", as_sheet=is_sheet(), title="Note", run=run, text=text, problem=problem
    )
