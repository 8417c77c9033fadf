"""What is written down of files that cannot be imported, for those who listen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from scheduler.store.dag_files import FileRecord
from scheduler.store.events import Event
from scheduler.store.listeners import FILE_BROKEN


def broken_files(now: datetime, records: Iterable[tuple[FileRecord | None, FileRecord]]) -> list[Event]:
    """Return an event for each file that fails and did not, or fails in another way; `from_state` says in which."""
    found = []
    for earlier, record in records:
        before = earlier.error if earlier else None
        if record.error is not None and (before is None or before.message != record.error.message):
            origin = before.type if before else None
            event = Event(at=now, kind=FILE_BROKEN, from_state=origin, actor="parser", reason=record.path)
            found.append(event)
    return found
