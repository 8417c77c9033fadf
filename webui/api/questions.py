"""What tasks ask people (`hitlDetails` in Airflow's words): list, show, answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scheduler.core.ids import TaskKey
from scheduler.errors import NotFound
from scheduler.operations.finding import get_run
from scheduler.operations.questions import answer_question, find_question
from scheduler.security.rights import Right
from scheduler.store.choices import Choice
from scheduler.store.engine import Session
from scheduler.store.questions import QuestionRow
from scheduler.store.views.fields import question_fields
from scheduler.store.views.question_lists import list_some_questions
from scheduler.store.views.task_lists import list_tasks
from scheduler.store.views.tasks import list_attempts
from webui.api.frame import Fields, Routes
from webui.api.shapes import questions as shapes
from webui.api.shapes.tasks import OnlyPath
from webui.api.task_fields import described, tried
from webui.api.tasks import find_instance, key_of
from webui.context import actor, asker, now, reading, writing
from webui.rights import needs

routes = Routes("api_questions", "/api/v2/dags/<dag_id>/dagRuns/<dag_run_id>", tag="Task Instance")
_ONE = "/taskInstances/<task_id>/<int(signed=True):map_index>/hitlDetails"


@routes.get("/hitlDetails", answers=shapes.Questions)
@needs(Right.DAG_READ)
def get_hitl_details(dag_id: str, dag_run_id: str, query: shapes.QuestionsWanted) -> Fields:
    """Return what the tasks of a run asked, or with `~` those of all runs, and of all DAGs.

    `response_received=false` leaves those that can be answered now, `true` those that were.
    """
    choice = _choice(query)
    for name, value in (("dag_id", dag_id), ("run_id", dag_run_id)):
        choice = choice if value == "~" else choice.only(name, value)
    with reading() as session:
        if "~" not in (dag_id, dag_run_id):
            get_run(session, dag_id, dag_run_id)
        found, total = list_some_questions(
            session, choice, is_answered=query.response_received, limit=query.count, offset=query.offset
        )
        return {"hitl_details": _described(session, found), "total_entries": total}


def _choice(query: shapes.QuestionsWanted) -> Choice:
    choice = query.choice()
    searched = {"subject": query.subject_search, "body": query.body_search}
    choice = replace(choice, like={**choice.like, **{name: text for name, text in searched.items() if text}})
    states = choice.among.get("state")
    if states is not None:
        named = ["none" if each == "no_status" else each for each in states]
        choice = replace(choice, among={**choice.among, "state": named})
    index = query.map_index
    return choice if index is None else choice.only("map_index", "" if index < 0 else str(index))


def _described(session: Session, found: Sequence[QuestionRow]) -> list[dict[str, Any]]:
    entries = list_tasks(session, Choice(among={"id": sorted({each.ti_id for each in found})}), limit=None)
    tasks = dict(zip((each.task.id for each in entries), described(session, entries), strict=True))
    return [{**_fields(each), "task_instance": tasks[each.ti_id]} for each in found]


def _fields(row: QuestionRow) -> dict[str, Any]:
    users = [{"id": each["id"], "name": each.get("name") or each["id"]} for each in row.assigned_users]
    return {**question_fields(row), "assigned_users": users}


@routes.get(_ONE, answers=shapes.Question)
@needs(Right.DAG_READ)
def get_hitl_detail(dag_id: str, dag_run_id: str, task_id: str, map_index: int, query: OnlyPath) -> Fields:
    """Return what a task instance asked last, with the answer if there is one."""
    key = key_of(task_id, map_index, query.path)
    with reading() as session:
        return _described(session, [_question(session, dag_id, dag_run_id, key)])[0]


@routes.get(f"{_ONE}/tries/<int:try_number>", answers=shapes.OldQuestion)
@needs(Right.DAG_READ)
def get_hitl_detail_try_detail(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int, try_number: int, query: OnlyPath
) -> Fields:
    """Return what a task instance asked in one try."""
    key = key_of(task_id, map_index, query.path)
    with reading() as session:
        found = _question(session, dag_id, dag_run_id, key, try_number)
        entry = find_instance(session, dag_id, dag_run_id, key)
        tries = tried(session, entry, list_attempts(session, entry.task.id))
    for each in tries:
        if each["try_number"] == try_number:
            return {**_fields(found), "task_instance": each}
    raise NotFound("attempt", str(try_number))


def _question(
    session: Session, dag_id: str, run_id: str, key: TaskKey, try_number: int | None = None
) -> QuestionRow:
    return find_question(session, dag_id, run_id, key.task_id, path=key.path, try_number=try_number)


@routes.patch(_ONE, answers=shapes.Answered)
@needs(Right.QUESTION_ANSWER)
def update_hitl_detail(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int, query: OnlyPath, body: shapes.AnswerGiven
) -> Fields:
    """Answer what a task instance asks: `chosen_options`, and `params_input` where there is something to fill in.

    With `asked_at`, the `created_at` of a question, no other one is answered.
    """
    answered = writing(
        lambda session: answer_question(
            session,
            now(),
            dag_id,
            dag_run_id,
            task_id,
            chosen_options=body.chosen_options,
            params_input=body.params_input,
            path=key_of(task_id, map_index, query.path).path,
            asked_at=body.asked_at,
            actor=actor(),
            user_name=asker().name,
        )
    )
    shown = question_fields(answered)
    names = ("responded_at", "chosen_options", "params_input")
    return {"responded_by": shown["responded_by_user"], **{name: shown[name] for name in names}}
