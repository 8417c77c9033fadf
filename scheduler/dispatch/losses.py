"""What is written when leases run out: attempts are lost, and their tasks run again, in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from scheduler.core.settle import settle_loss
from scheduler.core.states import AttemptState, TaskState
from scheduler.dispatch.callbacks import end_callback, queue_failure_callback
from scheduler.failpoints import Edge
from scheduler.store.attempts import AttemptRow, Ending, end_attempts
from scheduler.store.engine import Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.leases import still_expired
from scheduler.store.runs import RunRow, bring_wake_forward, flag_runs, lock_runs
from scheduler.store.tasks import TaskRow, count_losses, lock_tasks, move_tasks
from scheduler.store.transaction import at_edge
from scheduler.wire import Outcome


def record_losses(
    session: Session, now: datetime, expired: Collection[AttemptRow], graphs: GraphCache
) -> list[AttemptRow]:
    """Record attempts whose lease ran out as lost, and let their tasks run again. Return those that still were expired.

    A loss does not use up the user's retries, up to `core.settle.MAX_LOSSES`.
    """
    runs = {run.id: run for run in lock_runs(session, {row.run_pk for row in expired})}
    lost = still_expired(session, [row.id for row in expired])
    tasks = {
        task.id: task for task in lock_tasks(session, [row.ti_id for row in lost if row.ti_id is not None])
    }
    for row in lost:
        _record_loss(session, now, row, tasks.get(row.ti_id or 0), graphs, runs[row.run_pk])
    flag_runs(session, {row.run_pk for row in lost})
    at_edge(session, Edge.LOSS_RECORDED)
    return lost


def _record_loss(
    session: Session, now: datetime, row: AttemptRow, task: TaskRow | None, graphs: GraphCache, run: RunRow
) -> None:
    words = f"lost: worker {row.hostname} stopped answering"
    if row.kind != "task" and row.cancel_reason is None:
        lost = Outcome(attempt_id=row.id, epoch=row.epoch, state="lost", reason=words)
        end_callback(session, now, lost)
        return
    settled = settle_loss((task.losses if task else 0) + 1, words, now)
    state = AttemptState.LOST if row.cancel_reason is None else AttemptState.CANCELLED
    reason = row.cancel_reason or settled.reason
    end_attempts(session, [Ending(attempt_id=row.id, state=state, reason=reason, end_date=now)])
    if task is None or row.kind != "task" or row.cancel_reason is not None:
        return
    move_tasks(
        session,
        now,
        [task.id],
        settled.task,
        leaving=[TaskState.RUNNING],
        values={"end_date": now, "reason": reason, "retry_at": settled.retry_at},
        reasons={task.id: reason},
    )
    count_losses(session, [task.id])
    if settled.retry_at is not None:
        bring_wake_forward(session, task.run_pk, settled.retry_at)
    elif settled.task is TaskState.FAILED:
        queue_failure_callback(session, now, graphs.get(session, run.version_id), task, reason)
