"""Give a task a result by hand, with what that changes shown before; and take it back."""

from __future__ import annotations

import json
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scheduler.core.ids import TaskKey, named
from scheduler.errors import BadConf, BadName, BadParams, Conflict, NotSerializable, TooLarge
from scheduler.operations.mark import Mark
from scheduler.operations.set_result import (
    Parts,
    preview_parts,
    preview_result,
    read_result,
    set_result,
    take_result_back,
)
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.views import runs, tasks
from scheduler.store.xcoms import RETURN_VALUE, get_xcom
from scheduler.wire import TAG
from webui.context import actor, now, reading, writing
from webui.details import TaskDetails, task_details
from webui.filters import command, run_url, spelled_json, task_url
from webui.fragments import is_sheet
from webui.numbers import number
from webui.rights import needs
from webui.tongues.speaking import gettext

blueprint = Blueprint("result", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>/tasks/<task_id>/result")

#: A way back goes by the address and the cookie of the session: a longer value is not offered back.
_LONGEST_UNDO: Final = 1_000
#: States that a mark can bring back.
_BACK: Final[dict[str, Mark]] = {"success": "success", "failed": "failed", "skipped": "skipped"}


@blueprint.get("")
@needs(Right.DAG_RUN, Right.XCOM_EDIT)
def form(dag_id: str, run_id: str, task_id: str) -> str:
    """Show the value that is there, or was to be put back, and what giving another changes."""
    details = _details(dag_id, run_id, task_id)
    given = request.args.get("value")
    return _form(details, _standing(details) if given is None else given, "")


@blueprint.post("")
@needs(Right.DAG_RUN, Right.XCOM_EDIT)
def put(dag_id: str, run_id: str, task_id: str) -> ResponseReturnValue:
    """Give it the value, or take its value away."""
    details, text = _details(dag_id, run_id, task_id), request.form.get("value", "")
    key, back = TaskKey(task_id, details.task.path), _undo(details)
    try:
        if _is_taken():
            writing(lambda session: _take(session, details, key))
            flash(gettext("The result of %(name)s was taken back.", name=named(*key)))
        else:
            value = read_result(text)
            writing(lambda session: set_result(session, now(), dag_id, run_id, key, value, actor=actor()))
            flash(gettext("%(name)s has the result that you gave.", name=named(*key)), back)
    except (BadConf, BadName, BadParams, TooLarge, NotSerializable, Conflict) as wrong:
        return _form(details, text, str(wrong)), 400
    return redirect(task_url(dag_id, run_id, task_id, details.task.path), 303)


def _details(dag_id: str, run_id: str, task_id: str) -> TaskDetails:
    return task_details(dag_id, run_id, task_id, request.values.get("path", ""))


def _is_taken() -> bool:
    return request.values.get("take") == "true"


def _to() -> Mark:
    given = request.values.get("to", "success")
    if given not in _BACK:
        raise BadParams(f"A task is marked as success, failed or skipped, not as {given[:40]!r}.")
    return _BACK[given]


def _take(session: Session, details: TaskDetails, key: TaskKey) -> list[str]:
    run = details.run
    tried = request.values.get("try", type=number)
    return take_result_back(
        session, now(), run.dag_id, run.run_id, key, to=_to(), actor=actor(), given_after=tried
    )


def _standing(details: TaskDetails) -> str:
    """Return the value that is there; empty where it is long, masked, or an object that only a task can hand on."""
    run, task = details.run, details.task
    with reading() as session:
        found = tasks.list_xcoms(session, run.id, task.task_id, task.path)
        text = next(
            (each.text for each in found if each.key == RETURN_VALUE and each.length <= len(each.text)), ""
        )
        value = get_xcom(session, run.id, task.task_id, RETURN_VALUE, path=task.path) if text else None
    is_whole = bool(text) and TAG not in text and text == json.dumps(value, separators=(",", ":"))
    return spelled_json(value, indent=2) if is_whole else ""


def _undo(details: TaskDetails) -> str:
    """Return where to go back: only to a state that a mark can give, and to a value that the page may show whole."""
    run, task = details.run, details.task
    if task.state not in _BACK or _is_taken():
        return ""
    names = {"task_id": task.task_id, "path": task.path, "to": task.state}
    with reading() as session:
        plan = preview_result(session, run.dag_id, run.run_id, TaskKey(task.task_id, task.path))
    if not plan.has_value:
        tried = {"try": plan.try_number}
        return run_url(run.dag_id, run.run_id, "result.form", take="true", **names, **tried)
    text = _standing(details)
    if task.state != "success" or not text or len(text) > _LONGEST_UNDO:
        return ""
    return run_url(run.dag_id, run.run_id, "result.form", value=text, **names)


def _form(details: TaskDetails, text: str, problem: str) -> str:
    run, task = details.run, details.task
    to: str = _to() if _is_taken() else "success"
    try:
        with reading() as session:
            preview_result(session, run.dag_id, run.run_id, TaskKey(task.task_id, task.path))
    except Conflict as wrong:
        problem = problem or str(wrong)
    path = ["--path", task.path] if task.path else []
    names = (run.dag_id, run.run_id, task.task_id)
    line = command("tasks", "mark", *names, "success", *path, "--result", _compact(text))
    return render_template(
        "result.html",
        as_sheet=is_sheet(),
        title=gettext("Result"),
        details=details,
        run=run,
        task=task,
        name=named(task.task_id, task.path),
        text=text,
        is_taken=_is_taken(),
        to=to,
        problem=problem,
        line="" if _is_taken() else line,
        followers=_followers(run, details),
        parts=_parts(details, "null" if _is_taken() else text),
    )


def _parts(details: TaskDetails, text: str) -> Parts:
    """Return which keys would be written and taken away; none, while what is typed is no JSON."""
    run, task = details.run, details.task
    try:
        value = read_result(text)
    except (BadConf, TooLarge):
        return Parts()
    with reading() as session:
        return preview_parts(session, run.dag_id, run.run_id, TaskKey(task.task_id, task.path), value)


def _compact(text: str) -> str:
    try:
        return spelled_json(json.loads(text))
    except (ValueError, RecursionError):
        return "null"


def _followers(run: runs.Run, details: TaskDetails) -> list[tuple[str, str]]:
    """Return what waits for the task, and its state: what has run keeps the value that it read."""
    wanted = set(details.followers)
    with reading() as session:
        found = runs.list_tasks(session, run.id)
    return [(named(each.task_id, each.path), each.state) for each in found if each.task_id in wanted][:20]
