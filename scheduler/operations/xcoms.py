"""Put a value in place of what a task handed on, or take it away."""

from __future__ import annotations

from datetime import datetime

from scheduler.core.ids import TaskKey
from scheduler.errors import AlreadyExists, BadParams, NotFound
from scheduler.operations.finding import get_task, lock_run
from scheduler.operations.names import check_name
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.runs import RunRow
from scheduler.store.xcoms import XComRow, delete_xcom, has_xcom, put_xcoms
from scheduler.wire import TAG, Json


def set_xcom(
    session: Session,
    now: datetime,
    dag_id: str,
    run_id: str,
    key: TaskKey,
    name: str,
    value: Json,
    *,
    is_new: bool | None = None,
    actor: str,
) -> None:
    """Store a value of a task instance: a new one, one in place of another, or either (None).

    Tasks that run from now on read it. Raises NotFound, AlreadyExists, BadName, BadParams for a value that only a
    task can write, NotSerializable and TooLarge.
    """
    check_name("XCom key", name)
    _check_plain(value)
    run = lock_run(session, dag_id, run_id)
    get_task(session, run, key.task_id, key.path)
    is_there = has_xcom(session, run.id, key.task_id, name, path=key.path)
    if is_new is True and is_there:
        raise AlreadyExists("XCom", name)
    if is_new is False and not is_there:
        raise NotFound("XCom", name, hint=f"{key.task_id} has none of that key.")
    put_xcoms(session, now, [XComRow(run.id, key.task_id, key.path, name, value)])
    _note(session, now, run, key, name, "xcom.set", actor)


def remove_xcom(
    session: Session, now: datetime, dag_id: str, run_id: str, key: TaskKey, name: str, *, actor: str
) -> None:
    """Delete a value of a task instance. Raises NotFound."""
    run = lock_run(session, dag_id, run_id)
    get_task(session, run, key.task_id, key.path)
    if not delete_xcom(session, run.id, key.task_id, name, path=key.path):
        raise NotFound("XCom", name, hint=f"{key.task_id} has none of that key.")
    _note(session, now, run, key, name, "xcom.deleted", actor)


def _check_plain(value: Json) -> None:
    """Refuse what stands for an object of a class, or for a file of large values: tasks make these."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if TAG in each:
                raise BadParams(
                    f"The value holds the key {TAG!r}, which stands for objects that tasks hand on."
                )
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _note(
    session: Session, now: datetime, run: RunRow, key: TaskKey, name: str, kind: str, actor: str
) -> None:
    row = get_task(session, run, key.task_id, key.path)
    event = Event(at=now, kind=kind, dag_id=run.dag_id, run_pk=run.id, ti_id=row.id, actor=actor, reason=name)
    append(session, [event])
