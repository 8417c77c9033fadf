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
from scheduler.store.xcoms import RETURN_VALUE, has_xcom
from scheduler.wire import Json

#: What a person types, or a program sends along with a mark.
LIMIT_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class ResultPlan:
    """What a task instance is now, and whether it may be given a result."""

    state: TaskState
    has_value: bool

    @property
    def is_marked(self) -> bool:
        """Whether its state changes with it."""
        return self.state is not TaskState.SUCCESS


def preview_result(session: Session, dag_id: str, run_id: str, key: TaskKey) -> ResultPlan:
    """Return what giving a task instance a result would change. Raises NotFound, and Conflict where that may not be."""
    run = get_run(session, dag_id, run_id)
    row = get_task(session, run, key.task_id, key.path)
    if row.state is not TaskState.SUCCESS and row.state not in states_before(TaskState.SUCCESS):
        raise Conflict(f"Task {key.task_id!r} cannot be given a result: it is {row.state}.")
    return ResultPlan(row.state, has_xcom(session, run.id, key.task_id, RETURN_VALUE, path=key.path))


def set_result(
    session: Session, now: datetime, dag_id: str, run_id: str, key: TaskKey, value: Json, *, actor: str
) -> list[str]:
    """Put a value in place of what a task instance returned, and mark it as success; return what is judged anew.

    What it runs is stopped, and what that still hands on is dropped. Tasks that read the value from now on read this
    one; those that have run keep what they read. Raises what `preview_result` and `set_xcom` raise.
    """
    lock_run(session, dag_id, run_id)
    plan = preview_result(session, dag_id, run_id, key)
    set_xcom(session, now, dag_id, run_id, key, RETURN_VALUE, value, actor=actor)
    if not plan.is_marked:
        return []
    return mark_task(session, now, dag_id, run_id, key.task_id, to="success", path=key.path, actor=actor)


def take_result_back(
    session: Session, now: datetime, dag_id: str, run_id: str, key: TaskKey, *, to: Mark, actor: str
) -> list[str]:
    """Take the value away, and mark the task instance as it was before; return what is judged anew.

    Raises NotFound where it has none.
    """
    lock_run(session, dag_id, run_id)
    plan = preview_result(session, dag_id, run_id, key)
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
