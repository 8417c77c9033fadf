"""What tasks ask people (`hitlDetails` in Airflow's words): list, show, answer."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.errors import BadParams
from scheduler.operations.questions import answer_question, find_question
from scheduler.security.rights import Right
from scheduler.store import questions
from scheduler.store.absent import no_run
from scheduler.store.runs import find_run
from scheduler.store.views.fields import question_fields
from webui.api.bodies import body
from webui.api.paging import window
from webui.context import actor, asker, now, reading, writing
from webui.fragments import data
from webui.rights import needs

blueprint = Blueprint("api_questions", __name__, url_prefix="/api/v2/dags/<dag_id>/dagRuns/<run_id>")
_ONE = "/taskInstances/<task_id>/<int(signed=True):map_index>/hitlDetails"


@blueprint.get("/hitlDetails")
@needs(Right.DAG_READ)
def show_all(dag_id: str, run_id: str) -> Response:
    """Return what the tasks of a run asked, or with `~` those of all runs, and of all DAGs.

    `response_received=false` leaves those that can be answered now, `true` those that were.
    """
    part, is_answered = window(), _flag("response_received")
    read = {None: questions.list_questions, False: questions.list_open, True: questions.list_answered}
    wanted = {
        name: None if value == "~" else value for name, value in (("dag_id", dag_id), ("run_id", run_id))
    }
    with reading() as session:
        if "~" not in (dag_id, run_id) and find_run(session, dag_id, run_id) is None:
            raise no_run(session, dag_id, run_id)
        found = read[is_answered](session, part.limit, offset=part.offset, **wanted)
        total = questions.count_questions(session, is_answered=is_answered, **wanted)
    return data(hitl_details=[question_fields(each) for each in found], total_entries=total)


@blueprint.get(_ONE)
@needs(Right.DAG_READ)
def show(dag_id: str, run_id: str, task_id: str, map_index: int) -> Response:
    """Return what a task asked last, with the answer if there is one."""
    return _question(dag_id, run_id, task_id, map_index, None)


@blueprint.get(f"{_ONE}/tries/<int:try_number>")
@needs(Right.DAG_READ)
def show_try(dag_id: str, run_id: str, task_id: str, map_index: int, try_number: int) -> Response:
    """Return what a task asked in one try."""
    return _question(dag_id, run_id, task_id, map_index, try_number)


def _question(dag_id: str, run_id: str, task_id: str, map_index: int, try_number: int | None) -> Response:
    with reading() as session:
        path = _path(map_index)
        found = find_question(session, dag_id, run_id, task_id, path=path, try_number=try_number)
    return data(**question_fields(found))


@blueprint.patch(_ONE)
@needs(Right.QUESTION_ANSWER)
def answer(dag_id: str, run_id: str, task_id: str, map_index: int) -> Response:
    """Answer what a task asks: `chosen_options`, and `params_input` where there is something to fill in."""
    given = body({"chosen_options", "params_input"})
    chosen, filled = given.get("chosen_options"), given.get("params_input", {})
    if not isinstance(chosen, list) or not all(isinstance(each, str) for each in chosen):
        raise BadParams("chosen_options must be a list of texts.")
    if not isinstance(filled, dict):
        raise BadParams("params_input must be an object.")
    answered = writing(
        lambda session: answer_question(
            session,
            now(),
            dag_id,
            run_id,
            task_id,
            chosen_options=chosen,
            params_input=filled,
            path=_path(map_index),
            actor=actor(),
            user_name=asker().name,
        )
    )
    shown = question_fields(answered)
    return data(
        responded_by=shown["responded_by_user"],
        **{name: shown[name] for name in ("responded_at", "chosen_options", "params_input")},
    )


def _path(map_index: int) -> str:
    """Return the path of an instance; `path` names one in a mapped group."""
    return request.args.get("path") or ("" if map_index < 0 else str(map_index))


def _flag(name: str) -> bool | None:
    text = request.args.get(name, "").lower()
    if text not in ("", "true", "false"):
        raise BadParams(f"{name}={text[:40]!r} is neither true nor false.")
    return None if not text else text == "true"
