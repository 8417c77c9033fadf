"""What the tasks of a run handed on, for a file that a test replays."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select

from scheduler.store.engine import Session
from scheduler.store.tables import xcom


@dataclass(frozen=True, slots=True)
class HandedOn:
    """One value: its JSON text, None where that is longer than asked for; and how long it is."""

    task_id: str
    path: str
    key: str
    text: str | None
    length: int


def values_of_run(session: Session, run_pk: int, most_characters: int) -> list[HandedOn]:
    """Return all values of a run, by task, path and key."""
    x = xcom.c
    length = func.length(x.value)
    found = session.execute(
        select(x.task_id, x.path, x.key, case((length <= most_characters, x.value)), length)
        .where(x.run_pk == run_pk)
        .order_by(x.task_id, x.path, x.key)
    )
    return [HandedOn(*row) for row in found]
