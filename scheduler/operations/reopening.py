"""Let a run go on, ended or not."""

from __future__ import annotations

from datetime import datetime

from scheduler.core.states import RUN_FINISHED, RunState
from scheduler.store.engine import Session
from scheduler.store.runs import RunRow, flag_runs, move_runs


def reopen(session: Session, now: datetime, run: RunRow, *, actor: str, reason: str) -> None:
    """Have a locked run planned; one that had ended queues again, and starts when there is room."""
    if run.state in RUN_FINISHED:
        move_runs(
            session, now, [run.id], RunState.QUEUED, actor=actor, reason=reason, values={"queued_at": now}
        )
    else:
        flag_runs(session, [run.id])
