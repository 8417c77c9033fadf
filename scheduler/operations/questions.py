"""Answer what tasks ask: the first answer counts, and lets the task go on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from scheduler.core.states import TaskState
from scheduler.errors import BadParams, Conflict, Forbidden, NotFound
from scheduler.operations.conf import check_conf, check_param
from scheduler.operations.finding import get_run, get_task, lock_run
from scheduler.operations.meaning import Meaning, meaning_of
from scheduler.schemas import UnusableSchema, check_schema
from scheduler.store.engine import Session
from scheduler.store.questions import (
    Answer,
    QuestionRow,
    note_answer,
    open_questions_of,
    questions_of_task,
    set_resume,
)
from scheduler.store.tasks import TaskRow, move_tasks
from scheduler.store.transaction import request_wake
from scheduler.wire import TAG, Data, Json, ParamSpec

#: Characters of an answer in the list of events.
_SHOWN: Final = 200


def find_question(
    session: Session, dag_id: str, run_id: str, task_id: str, *, path: str = "", try_number: int | None = None
) -> QuestionRow:
    """Return what a task asked last, or in a try. Raises NotFound."""
    task = get_task(session, get_run(session, dag_id, run_id), task_id, path)
    found = questions_of_task(session, task.id)
    if try_number is not None:
        found = [each for each in found if each.try_number == try_number]
    if not found:
        raise NotFound(
            "question of task", task_id, hint="Only tasks that ask people have one, once they run."
        )
    return found[-1]


def answer_question(
    session: Session,
    now: datetime,
    dag_id: str,
    run_id: str,
    task_id: str,
    *,
    chosen_options: Sequence[str],
    params_input: Mapping[str, Json] | None = None,
    path: str = "",
    asked_at: datetime | None = None,
    actor: str,
    user_name: str | None = None,
) -> QuestionRow:
    """Answer what a task asks, or what it asked at an instant; return the question with its answer.

    `user_name` is None for whoever has the command line of the installation, who may answer everything. Raises
    NotFound, Conflict where it was answered, is asked no more or another is, Forbidden for who is not among its
    assigned users, BadParams, BadConf and TooLarge for what is no answer.
    """
    run = lock_run(session, dag_id, run_id)
    task = get_task(session, run, task_id, path)
    asked = find_question(session, dag_id, run_id, task_id, path=path)
    if not asked.is_open:
        raise Conflict(_why_not(asked))
    if asked_at not in (None, asked.created_at):
        raise Conflict(f"{task_id} asks something else by now: {asked.subject[:_SHOWN]!r}. Answer that.")
    _check_user(asked, user_name)
    meaning = meaning_of(asked)
    answer = Answer(
        chosen_options=_check_options(asked, meaning, chosen_options),
        params_input=_check_params(meaning, check_conf(params_input or {})),
        by=user_name or actor,
    )
    chosen = ", ".join(answer.chosen_options)[:_SHOWN]
    _go_on(session, now, asked, task, answer, actor=actor, reason=f"{answer.by} answered: {chosen}")
    request_wake(session)
    return find_question(session, dag_id, run_id, task_id, path=path)


def time_out_questions(session: Session, now: datetime, tasks: Collection[TaskRow]) -> None:
    """Let tasks of locked runs go on that nobody has answered in time: with their defaults, or to fail."""
    asked = open_questions_of(session, [each.id for each in tasks])
    for task in tasks:
        if (row := asked.get(task.id)) is not None:
            _time_out(session, now, row, task)


def _time_out(session: Session, now: datetime, asked: QuestionRow, task: TaskRow) -> None:
    if asked.defaults is None:
        reason = f"nobody answered within {asked.timeout_s:g} s"
        _move_on(session, now, asked, task, {"error": reason, "error_type": "timeout"}, "scheduler", reason)
        return
    params = meaning_of(asked).params
    given = {name: each["value"] for name, each in params.items() if "value" in each}
    answer = Answer(chosen_options=asked.defaults, params_input=given, by=None)
    reason = f"nobody answered within {asked.timeout_s:g} s: {', '.join(asked.defaults)[:_SHOWN]}"
    _go_on(session, now, asked, task, answer, actor="scheduler", reason=reason)


def _go_on(
    session: Session,
    now: datetime,
    asked: QuestionRow,
    task: TaskRow,
    answer: Answer,
    *,
    actor: str,
    reason: str,
) -> None:
    """Keep the answer as people may see it, and let the task go on with what it means."""
    meaning = meaning_of(asked)
    shown = replace(answer, params_input=meaning.masker.mask_data(answer.params_input))
    note_answer(session, now, asked.id, shown)
    user = None if answer.by is None else {"id": answer.by, "name": answer.by}
    event = {
        "chosen_options": [meaning.options[each] for each in answer.chosen_options],
        "params_input": _plain(answer.params_input),
        "responded_at": {TAG: "datetime", "value": now.isoformat()},
        "responded_by_user": user,
        "timedout": answer.by is None,
    }
    _move_on(session, now, asked, task, event, actor, reason)


def _move_on(
    session: Session, now: datetime, asked: QuestionRow, task: TaskRow, event: Data, actor: str, reason: str
) -> None:
    moved = move_tasks(
        session,
        now,
        [task.id],
        TaskState.SCHEDULED,
        leaving=[TaskState.AWAITING_INPUT],
        values={"scheduled_at": now, "reason": "", "retry_at": None},
        actor=actor,
        reasons={task.id: reason},
    )
    if moved:
        resume: Data = {
            "kind": "event",
            "method": asked.method,
            "kwargs": {},
            "event": event,
            "waited": f"asked people ({reason})",
            "since": asked.created_at.isoformat(),
            "timeout_s": asked.timeout_s,
            "said": [],
            "secrets": list(meaning_of(asked).secrets),
        }
        set_resume(session, task.id, resume)


def _plain(value: Json) -> Json:
    """Write down what a person typed so that nothing in it is read as a type (`sdk.xcom`)."""
    match value:
        case dict() if TAG in value:
            return {TAG: "dict", "value": [[name, _plain(each)] for name, each in value.items()]}
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


def _why_not(asked: QuestionRow) -> str:
    if asked.responded_at is not None:
        by = asked.responded_by or "its defaults, as nobody did in time,"
        chosen = ", ".join(asked.chosen_options or ())
        return f"{by} answered already, at {asked.responded_at:%Y-%m-%d %H:%M:%S UTC}: {chosen}."
    return f"Task {asked.task_id!r} waits for no answer any more: it is {asked.task_state}."


def _check_user(asked: QuestionRow, user_name: str | None) -> None:
    named = {text for each in asked.assigned_users for text in (each["id"], each.get("name"))}
    if named and user_name is not None and user_name not in named:
        who = ", ".join(str(each.get("name") or each["id"]) for each in asked.assigned_users)
        raise Forbidden(f"{user_name} may not answer task {asked.task_id!r}: it asks {who}.")


def _check_options(asked: QuestionRow, meaning: Meaning, chosen: Sequence[str]) -> list[str]:
    known = ", ".join(asked.options)
    if not chosen:
        raise BadParams(f"No option was chosen; choose of {known}.")
    if unknown := [str(each) for each in chosen if not meaning.is_option(each)]:
        raise BadParams(f"{unknown[0][:80]!r} is no option; choose of {known}.")
    if len(chosen) > 1 and not asked.multiple:
        raise BadParams(f"{len(chosen)} options were chosen; choose one of {known}.")
    return meaning.chosen(chosen)


def _check_params(meaning: Meaning, shown: Data) -> Data:
    """Return what was filled in, defaults included, as the task knows it."""
    params, given = params_of(meaning.params), meaning.filled(shown)
    if unknown := sorted(given.keys() - {param.name for param in params}):
        raise BadParams(f"There is no param {unknown[0][:80]!r} to fill in.")
    filled = {param.name: param.default for param in params if param.has_default} | given
    for param in params:
        if param.name not in filled:
            raise BadParams(f"Param {param.name!r} must be filled in.")
        _check_param(meaning, param, filled[param.name])
    return filled


def _check_param(meaning: Meaning, param: ParamSpec, value: Json) -> None:
    try:
        check_param(param, value)
    except BadParams as error:
        raise BadParams(meaning.masker.mask(str(error))) from None


def params_of(params: Data, *, only_usable: bool = False) -> list[ParamSpec]:
    """Return what there is to fill in; `only_usable` leaves a schema out that is none: a child may have sent it."""
    return [
        ParamSpec(
            name=name,
            schema=each["schema"] if each.get("schema") and (not only_usable or _is_usable(each)) else {},
            default=each.get("value"),
            has_default="value" in each,
            description=each.get("description"),
        )
        for name, each in params.items()
    ]


def _is_usable(param: Data) -> bool:
    try:
        check_schema(param["schema"])
    except UnusableSchema:
        return False
    return True
