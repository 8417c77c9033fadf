"""Ask what the ambiguous schedule of a DAG means, with the runs that either meaning gives."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.operations.schedule_meaning import preview_meanings, set_meaning
from scheduler.security.rights import Right
from webui.context import actor, now, reading, writing
from webui.filters import command
from webui.fragments import is_sheet
from webui.rights import needs
from webui.tongues.speaking import gettext

blueprint = Blueprint("schedule_meaning", __name__)


@blueprint.get("/dags/<dag_id>/schedule-meaning")
@needs(Right.DAG_EDIT)
def form(dag_id: str) -> str:
    """Show the next runs under both meanings."""
    with reading() as session:
        choice = preview_meanings(session, now(), dag_id)
    line = command("dags", "schedule-meaning", dag_id, "--is", "interval")
    return render_template(
        "schedule_meaning.html",
        as_sheet=is_sheet(),
        title=gettext("What its schedule means"),
        dag_id=dag_id,
        choice=choice,
        line=line,
    )


@blueprint.post("/dags/<dag_id>/schedule-meaning")
@needs(Right.DAG_EDIT)
def choose(dag_id: str) -> ResponseReturnValue:
    """Read it so from now on."""
    meaning = request.form.get("meaning", "")
    writing(lambda session: set_meaning(session, now(), dag_id, meaning, actor=actor()))
    flash(
        gettext(
            "The schedule of %(dag_id)s is read as %(airflow)s does.",
            dag_id=dag_id,
            airflow="Airflow 2" if meaning == "interval" else "Airflow 3",
        )
    )
    return redirect(url_for("dag.show", dag_id=dag_id), 303)
