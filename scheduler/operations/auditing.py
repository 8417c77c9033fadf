"""Note who did what by which request, beside the events of what was done."""

from __future__ import annotations

from datetime import datetime

from scheduler.store.engine import Session
from scheduler.store.events import Event, append


def note_request(session: Session, now: datetime, kind: str, *, dag_id: str, actor: str, reason: str) -> None:
    """Append an event of a request that wrote or was refused."""
    append(session, [Event(at=now, kind=kind, dag_id=dag_id, actor=actor, reason=reason)])
