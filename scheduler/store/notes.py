"""Notes on runs."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import dag_run


def write_note(session: Session, run_pk: int, text: str) -> None:
    """Replace the note of a run."""
    session.execute(sa.update(dag_run).where(dag_run.c.id == run_pk).values(note=text))
