"""Have a DAG file parsed though nothing of it has changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from scheduler.store.dag_files import forget_files
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.transaction import request_wake


def parse_again(session: Session, now: datetime, file: str, dag_ids: Iterable[str], *, actor: str) -> None:
    """Forget the last parse of a file, and call who leads to parse it (`parsing.calls`). `dag_ids` stand in it."""
    forget_files(session, [file])
    events = [
        Event(at=now, kind="dag.parse_requested", dag_id=each, actor=actor, reason=file) for each in dag_ids
    ]
    append(session, events)
    request_wake(session)
