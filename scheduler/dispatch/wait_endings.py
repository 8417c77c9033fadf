"""How waits end for the database: what their tasks go on with."""

from __future__ import annotations

from scheduler.runtime.waits import Waited
from scheduler.wire import Data


def refused(waited: Waited) -> Waited:
    """Return how a wait ends whose event the database does not take."""
    return Waited(id=waited.id, kind="error", error="the event of its trigger cannot be kept in the database")


def resume_of(waited: Waited, hostname: str) -> Data:
    """Return what a task goes on with whose wait ended so, watched on a host."""
    return {
        "kind": waited.kind,
        "event": waited.event,
        "xcoms": waited.xcoms,
        "error": waited.error,
        "traceback": waited.traceback,
        "watched_by": hostname,
        "secrets": list(waited.secrets),
    }
