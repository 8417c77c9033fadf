"""Notes on runs and on task instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.tables import dag_run, task_note


def write_note(session: Session, run_pk: int, text: str) -> None:
    """Replace the note of a run."""
    session.execute(sa.update(dag_run).where(dag_run.c.id == run_pk).values(note=text))


def write_task_notes(session: Session, tasks: Mapping[int, int], text: str) -> None:
    """Replace the notes of task instances, given with the keys of their runs; an empty text takes them away."""
    for batch in in_batches(sorted(tasks)):
        session.execute(sa.delete(task_note).where(task_note.c.ti_id.in_(batch)))
    rows = [{"ti_id": ti_id, "run_pk": run_pk, "text": text} for ti_id, run_pk in tasks.items()]
    if rows and text:
        session.execute(sa.insert(task_note), rows)


def task_notes(session: Session, ti_ids: Iterable[int]) -> dict[int, str]:
    """Return the notes of task instances; one without a note is left out."""
    notes: dict[int, str] = {}
    for batch in in_batches(ti_ids):
        found = session.execute(
            sa.select(task_note.c.ti_id, task_note.c.text).where(task_note.c.ti_id.in_(batch))
        )
        notes |= {row.ti_id: row.text for row in found}
    return notes
