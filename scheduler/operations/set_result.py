"""Give a task a result by hand: what it would have returned, and success, in one step; and take that back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from scheduler.core.ids import TaskKey
from scheduler.core.states import TaskState, states_before
from scheduler.errors import BadConf, Conflict, TooLarge
from scheduler.operations.finding import get_run, get_task, lock_run
from scheduler.operations.mark import Mark, mark_task
from scheduler.operations.xcoms import remove_xcom, set_xcom
from scheduler.store.engine import Session
from scheduler.store.versions import load_graph
from scheduler.store.xcoms import RETURN_VALUE, get_xcom, has_xcom, list_xcoms
from scheduler.wire import TAG, Json

#: What a person types, or a program sends along with a mark.
LIMIT_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class ResultPlan:
    """What a task instance is now, and whether it may be given a result."""

    state: TaskState
    has_value: bool
    try_number: int

    @property
    def is_marked(self) -> bool:
        """Whether its state changes with it."""
        return self.state is not TaskState.SUCCESS


@dataclass(frozen=True, slots=True)
class Parts:
    """Keys of a result that are handed on under their names too, where the task has multiple outputs."""

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()  #: of the result before, which this one has not


def preview_parts(session: Session, dag_id: str, run_id: str, key: TaskKey, value: Json) -> Parts:
    """Return which keys a result writes and takes away, as an attempt that returned it would. Raises NotFound."""
    run = get_run(session, dag_id, run_id)
    if not _has_parts(session, run.version_id, key.task_id):
        return Parts()
    before = get_xcom(session, run.id, key.task_id, RETURN_VALUE, path=key.path)
    there = {each.key for each in list_xcoms(session, run.id, key.task_id, path=key.path)}
    written = _names(value)
    removed = (name for name in _names(before) if name in there and name not in written)
    return Parts(tuple(written), tuple(removed))


def _has_parts(session: Session, version_id: int, task_id: str) -> bool:
    tasks = load_graph(session, version_id).tasks
    return any(each.multiple_outputs for each in tasks if each.task_id == task_id)


def _names(value: Json) -> list[str]:
    """Return the keys of what is an object; one of the name of the result itself is that alone."""
    is_plain = isinstance(value, dict) and TAG not in value
    return [name for name in value if name != RETURN_VALUE] if is_plain else []


def preview_result(session: Session, dag_id: str, run_id: str, key: TaskKey) -> ResultPlan:
    """Return what giving a task instance a result would change. Raises NotFound, and Conflict where that may not be."""
    run = get_run(session, dag_id, run_id)
    row = get_task(session, run, key.task_id, key.path)
    if row.state is not TaskState.SUCCESS and row.state not in states_before(TaskState.SUCCESS):
        raise Conflict(f"Task {key.task_id!r} cannot be given a result: it is {row.state}.")
    has_value = has_xcom(session, run.id, key.task_id, RETURN_VALUE, path=key.path)
    return ResultPlan(row.state, has_value, row.try_number)


def set_result(
    session: Session, now: datetime, dag_id: str, run_id: str, key: TaskKey, value: Json, *, actor: str
) -> list[str]:
    """Put a value in place of what a task instance returned, and mark it as success; return what is judged anew.

    Of a task with multiple outputs, the keys of the value are put in place under their names too. What it runs is
    stopped, and what that still hands on is dropped. Tasks that read the value from now on read this one; those that
    have run keep what they read. Raises what `preview_result` and `set_xcom` raise.
    """
    lock_run(session, dag_id, run_id)
    plan = preview_result(session, dag_id, run_id, key)
    parts = preview_parts(session, dag_id, run_id, key, value)
    for name in parts.removed:
        remove_xcom(session, now, dag_id, run_id, key, name, actor=actor)
    for name in parts.written:
        set_xcom(session, now, dag_id, run_id, key, name, value[name], actor=actor)
    set_xcom(session, now, dag_id, run_id, key, RETURN_VALUE, value, actor=actor)
    if not plan.is_marked:
        return []
    return mark_task(session, now, dag_id, run_id, key.task_id, to="success", path=key.path, actor=actor)


def take_result_back(
    session: Session,
    now: datetime,
    dag_id: str,
    run_id: str,
    key: TaskKey,
    *,
    to: Mark,
    actor: str,
    given_after: int | None = None,
) -> list[str]:
    """Take the value away, and mark the task instance as it was before; return what is judged anew.

    `given_after`: the number of the last try when the value was given. Raises NotFound where it has none, Conflict
    where it has run since: the value is its own.
    """
    lock_run(session, dag_id, run_id)
    plan = preview_result(session, dag_id, run_id, key)
    if given_after not in (None, plan.try_number):
        raise Conflict(
            f"Task {key.task_id!r} has run since it was given a result: what it has now is its own."
        )
    for name in preview_parts(session, dag_id, run_id, key, None).removed:
        remove_xcom(session, now, dag_id, run_id, key, name, actor=actor)
    remove_xcom(session, now, dag_id, run_id, key, RETURN_VALUE, actor=actor)
    if plan.state == to:
        return []
    return mark_task(session, now, dag_id, run_id, key.task_id, to=to, path=key.path, actor=actor)


def read_result(text: str) -> Json:
    """Read the JSON that a person gives as a result. Raises TooLarge above 1 MB, BadConf for what is not JSON."""
    if len(text.encode(errors="replace")) > LIMIT_BYTES:
        raise TooLarge("The result", len(text), LIMIT_BYTES)
    try:
        value: Json = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as wrong:
        raise BadConf(f'The result is not JSON: {wrong}. Write a text as "text", nothing as null.') from None
    return value


def _refuse(name: str) -> Json:
    raise ValueError(f"{name} is not a JSON value")
