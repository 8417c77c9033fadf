"""What tasks ask people: the list of what is to be answered, and the form that answers one of them."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.errors import BadConf, BadParams
from scheduler.operations.questions import answer_question, find_question, params_of
from scheduler.security.rights import Right
from scheduler.store import questions
from scheduler.store.questions import QuestionRow
from scheduler.store.views import runs, tasks
from scheduler.wire import DagSpec, Data
from webui import form_values, forms
from webui.context import actor, asker, now, reading, writing
from webui.filters import command, task_url
from webui.fragments import is_sheet, page
from webui.rights import needs
from webui.tongues.speaking import gettext
from webui.uploads import sent

blueprint = Blueprint("questions", __name__)

_OPEN: Final = 200
_ANSWERED: Final = 50
#: So many options are buttons; of more, one is chosen first.
_BUTTONS: Final = 4


def register(app: Flask) -> None:
    """Let every page tell how many tasks wait for a person."""
    app.context_processor(lambda: {"count_questions": _count})


def _count() -> int:
    with reading() as session:
        return questions.count_open(session)


@blueprint.get("/required_actions")
@needs(Right.DAG_READ)
def show_all() -> Response:
    """Show what is to be answered, and what was."""
    with reading() as session:
        waiting = questions.list_open(session, _OPEN)
        answered = questions.list_answered(session, _ANSWERED)
    return page("required_actions.html", waiting=waiting, answered=answered)


@blueprint.get("/dags/<dag_id>/runs/<run_id>/tasks/<task_id>/required_actions")
@needs(Right.DAG_READ)
def show(dag_id: str, run_id: str, task_id: str) -> str:
    """Show what a task asks; a link may fill in the answer."""
    asked = _asked(dag_id, run_id, task_id)
    given = {name: request.args[name] for name in asked.params if name in request.args}
    return _form(asked, forms.fields(_spec(asked), given), request.args.getlist("_options"), "")


@blueprint.post("/dags/<dag_id>/runs/<run_id>/tasks/<task_id>/required_actions")
@needs(Right.QUESTION_ANSWER)
def answer(dag_id: str, run_id: str, task_id: str) -> ResponseReturnValue:
    """Answer it."""
    asked = _asked(dag_id, run_id, task_id)
    if request.form.get("asked_at", _moment(asked)) != _moment(asked):
        problem = gettext("This is asked by now: what you answered was another question.")
        return _form(asked, forms.fields(_spec(asked), {}), [], problem), 409
    filled = form_values.read(_spec(asked), *sent())
    fields = filled.fields
    chosen = request.form.getlist("option")
    if not filled.is_good:
        return _form(asked, fields, chosen, ""), 400
    try:
        _write(asked, chosen, filled.conf)
    except (BadParams, BadConf) as error:
        return _form(asked, fields, chosen, str(error)), 400
    flash(gettext("%(task_id)s was answered: %(answer)s.", task_id=task_id, answer=", ".join(chosen)))
    return redirect(task_url(dag_id, run_id, task_id, asked.path), 303)


def _write(asked: QuestionRow, chosen: list[str], given: Data) -> None:
    writing(
        lambda session: answer_question(
            session,
            now(),
            asked.dag_id,
            asked.run_id,
            asked.task_id,
            chosen_options=chosen,
            params_input=given,
            path=asked.path,
            asked_at=asked.created_at,
            actor=actor(),
            user_name=asker().name,
        )
    )


def _moment(asked: QuestionRow) -> str:
    """Return what tells a question from the others of its task, also where that was deleted and made anew."""
    return asked.created_at.isoformat()


def _asked(dag_id: str, run_id: str, task_id: str) -> QuestionRow:
    path = request.values.get("path", "") or request.values.get("map_index", "")
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        task = tasks.find_shown(session, run.id, task_id, "" if path == "-1" else path)
        return find_question(session, dag_id, run_id, task_id, path=task.path)


def _spec(asked: QuestionRow) -> DagSpec:
    """Return the fields to fill in as those of a DAG are described."""
    return DagSpec(dag_id=asked.dag_id, file="", params=tuple(params_of(asked.params, only_usable=True)))


def _form(asked: QuestionRow, fields: list[forms.Field], chosen: list[str], problem: str) -> str:
    path: list[Any] = ["--path", asked.path] if asked.path else []
    names = (asked.dag_id, asked.run_id, asked.task_id)
    with reading() as session:
        run = runs.find_run(session, asked.dag_id, asked.run_id)
    return render_template(
        "question.html",
        as_sheet=is_sheet(),
        title=gettext("Answer %(task_id)s", task_id=asked.task_id),
        run=run,
        asked=asked,
        moment=_moment(asked),
        fields=fields,
        chosen=chosen,
        has_buttons=not asked.multiple and len(asked.options) <= _BUTTONS,
        problem=problem,
        line=command("tasks", "answer", *names, (chosen or asked.options)[0], *path),
    )
