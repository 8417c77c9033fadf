"""Note who did what by which request, beside the events of what was done."""

from __future__ import annotations

from datetime import datetime

from scheduler.operations.names import as_line
from scheduler.store.engine import Session
from scheduler.store.events import Event, append


def note_request(session: Session, now: datetime, kind: str, *, dag_id: str, actor: str, reason: str) -> None:
    """Append an event of a request that wrote or was refused."""
    event = Event(at=now, kind=kind, dag_id=as_line(dag_id), actor=actor, reason=as_line(reason))
    append(session, [event])
