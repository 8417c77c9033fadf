"""How an attempt ends: what its outcome is in the database, and the outcome of one that never ran as it should."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Final

from scheduler.clock import parse_instant
from scheduler.core.states import AttemptState
from scheduler.runtime.supervisor.verdict import storable
from scheduler.store.attempts import Ending
from scheduler.store.engine import Session
from scheduler.store.losses import count_cut_short
from scheduler.wire import ErrorInfo, Outcome

#: Characters of why an outcome could not be recorded.
_LONGEST_WORDS: Final = 2_000


def ending_of(outcome: Outcome, state: AttemptState, reason: str, now: datetime) -> Ending:
    """Return how an attempt ends in the database: as its process told it, in a state that was decided here."""
    return Ending(
        attempt_id=outcome.attempt_id,
        state=state,
        reason=reason,
        error=asdict(outcome.error) if outcome.error else None,
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        cpu_s=outcome.cpu_s,
        peak_memory_bytes=outcome.peak_memory_bytes,
        start_date=parse_instant(outcome.started_at) if outcome.started_at else None,
        end_date=parse_instant(outcome.ended_at) if outcome.ended_at else now,
        rendered=outcome.rendered,
    )


def cut_short(session: Session, outcome: Outcome) -> int:
    """Count what was cut short before, where it decides."""
    return count_cut_short(session, outcome.attempt_id) if outcome.state in ("lost", "cancelled") else 0


def failed_here(outcome: Outcome, error: Exception) -> Outcome:
    """Return the outcome of an attempt that Dirigent itself could not start or record."""
    words = storable(str(error))[:_LONGEST_WORDS]
    info = ErrorInfo(type=type(error).__name__, message=words, line=words)
    # Nothing of what the attempt said: any of it may be what was refused.
    return Outcome(
        attempt_id=outcome.attempt_id, epoch=outcome.epoch, state="failed", retryable=False, error=info
    )
