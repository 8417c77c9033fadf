"""Callbacks that run as attempts of their own: queued, and ended."""

from __future__ import annotations

from datetime import datetime

from scheduler.clock import parse_instant
from scheduler.core.graph import TaskGraph
from scheduler.core.settle import reason_of, settle_callback
from scheduler.dispatch.endings import cut_short, ending_of
from scheduler.store.attempts import end_attempts
from scheduler.store.deadlines import answer_deadline
from scheduler.store.engine import Session
from scheduler.store.losses import queue_again
from scheduler.store.tasks import TaskRow
from scheduler.store.tickets import queue_callback
from scheduler.wire import Outcome


def end_callback(session: Session, now: datetime, outcome: Outcome) -> None:
    """End the attempt of a callback, and queue another where it was lost or stopped."""
    settled = settle_callback(outcome.state, cut_short(session, outcome))
    end_attempts(session, [ending_of(outcome, settled.attempt, reason_of(outcome), now)])
    if settled.is_again:
        queue_again(session, now, outcome.attempt_id)
        return
    if outcome.deadline_at is not None or outcome.state != "success":
        answer_deadline(session, outcome.attempt_id, *_answer(outcome))


def _answer(outcome: Outcome) -> tuple[str, datetime | None]:
    """Return the state of a deadline after its reference was asked, and its instant."""
    if outcome.deadline_at is None:
        return "unknown", None
    return ("waits", parse_instant(outcome.deadline_at)) if outcome.deadline_at else ("none", None)


def queue_failure_callback(
    session: Session, now: datetime, graph: TaskGraph, task: TaskRow, reason: str
) -> None:
    """Queue `on_failure_callback` of a task as an attempt of its own, where the task has one."""
    spec = graph.tasks.get(task.task_id)
    if spec is None or not spec.has_failure_callback:
        return
    queue_callback(
        session,
        now,
        run_pk=task.run_pk,
        ti_id=task.id,
        kind="task_callback",
        try_number=task.try_number,
        queue=spec.queue,
        payload={"callback": "failure", "reason": reason},
    )
