"""What a person writes about a run."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from scheduler.errors import TooLarge
from scheduler.operations.finding import get_run
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.notes import write_note

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
