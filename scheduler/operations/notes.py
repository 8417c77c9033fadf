"""What a person writes about a run or a task instance."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from scheduler.errors import TooLarge
from scheduler.operations.finding import get_run, get_task
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.notes import write_note, write_task_notes

LIMIT: Final = 10_000


def check_note(text: str) -> str:
    """Return a note that is short enough, without NUL and halves of characters. Raises TooLarge."""
    data = text.encode(errors="replace")
    if len(data) > LIMIT:
        raise TooLarge("The note", len(data), LIMIT)
    return data.decode().replace("\0", "?")


def set_note(session: Session, now: datetime, dag_id: str, run_id: str, text: str, *, actor: str) -> None:
    """Replace the note of a run. Raises NotFound and TooLarge."""
    run = get_run(session, dag_id, run_id)
    write_note(session, run.id, check_note(text))
    append(session, [Event(at=now, kind="run.note", dag_id=dag_id, run_pk=run.id, actor=actor)])


def set_task_note(
    session: Session,
    now: datetime,
    dag_id: str,
    run_id: str,
    task_id: str,
    path: str,
    text: str,
    *,
    actor: str,
) -> None:
    """Replace the note of a task instance. Raises NotFound and TooLarge."""
    run = get_run(session, dag_id, run_id)
    task = get_task(session, run, task_id, path)
    write_task_notes(session, {task.id: run.id}, check_note(text))
    event = Event(at=now, kind="task.note", dag_id=dag_id, run_pk=run.id, ti_id=task.id, actor=actor)
    append(session, [event])
