"""Callbacks of a DAG, when one of its runs has ended."""

from __future__ import annotations

from datetime import datetime

from scheduler.core.states import RunState
from scheduler.store.engine import Session
from scheduler.store.runs import RunRow
from scheduler.store.tickets import queue_callback
from scheduler.wire import DagSpec


def call_back(
    session: Session, now: datetime, run: RunRow, spec: DagSpec, state: RunState, reason: str
) -> tuple[str, ...]:
    """Queue `on_failure_callback` or `on_success_callback`, where the DAG has it; return the queues that have work.

    Whoever ended the run: callbacks clean up, and are told the reason. Messages about failures are the loop's, and
    are not sent to people about what a person did.
    """
    is_failed = state is RunState.FAILED
    if not (spec.has_failure_callback if is_failed else spec.has_success_callback):
        return ()
    payload = {"callback": "failure" if is_failed else "success", "reason": reason}
    return (queue_callback(session, now, run_pk=run.id, kind="dag_callback", payload=payload),)
