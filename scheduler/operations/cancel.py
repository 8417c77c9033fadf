"""Stop a run."""

from __future__ import annotations

from datetime import datetime

from scheduler.core.states import FINISHED, RUN_FINISHED, RunState, TaskState
from scheduler.errors import Conflict
from scheduler.operations.finding import lock_run
from scheduler.store.attempts import cancel_attempts, lock_live_attempts
from scheduler.store.engine import Session
from scheduler.store.runs import RunRow, move_runs
from scheduler.store.tasks import move_tasks, tasks_of_run


def cancel_run(session: Session, now: datetime, dag_id: str, run_id: str, *, actor: str) -> int:
    """End a run as failed: what runs is stopped and fails, what has not started is skipped.

    Return how many tasks that were. Workers hear of it with their next renewal. Raises NotFound, and
    Conflict where the run has ended already.
    """
    run = lock_run(session, dag_id, run_id)
    if run.state in RUN_FINISHED:
        raise Conflict(f"Run {run_id!r} cannot be cancelled: it has ended as {run.state}.")
    reason = f"cancelled by {actor}"
    count = stop_unfinished(session, now, run, TaskState.SKIPPED, reason, actor=actor)
    move_runs(session, now, [run.id], RunState.FAILED, reason=reason, actor=actor)
    return count


def stop_unfinished(
    session: Session, now: datetime, run: RunRow, to: TaskState, reason: str, *, actor: str
) -> int:
    """Cancel the live attempts of a locked run, fail what runs and move the rest to `to`; return how many.

    With `to` success, what runs becomes that too. The planner is not asked: the run is about to end.
    """
    cancel_attempts(session, now, lock_live_attempts(session, run.id), reason, actor=actor)
    rows = [row for row in tasks_of_run(session, run.id) if row.state not in FINISHED]
    broken = TaskState.SUCCESS if to is TaskState.SUCCESS else TaskState.FAILED
    under_way = [row.id for row in rows if row.state is TaskState.RUNNING]
    rest = [row.id for row in rows if row.state is not TaskState.RUNNING]
    values = {"end_date": now, "reason": reason, "changed": False, "retry_at": None}
    for ids, state in ((under_way, broken), (rest, to)):
        move_tasks(session, now, ids, state, values=values, actor=actor, reasons=dict.fromkeys(ids, reason))
    return len(rows)
