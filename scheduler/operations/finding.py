"""Runs and tasks by the names that people use."""

from __future__ import annotations

from scheduler.store.absent import no_run, no_task
from scheduler.store.engine import Session
from scheduler.store.runs import RunRow, find_run, lock_runs
from scheduler.store.tasks import TaskRow, tasks_named


def get_run(session: Session, dag_id: str, run_id: str) -> RunRow:
    """Return a run. Raises NotFound."""
    run = find_run(session, dag_id, run_id)
    if run is None:
        raise no_run(session, dag_id, run_id)
    return run


def lock_run(session: Session, dag_id: str, run_id: str) -> RunRow:
    """Return a run under its row lock, held until the end of the transaction. Raises NotFound."""
    locked = lock_runs(session, [get_run(session, dag_id, run_id).id])
    if not locked:
        raise no_run(session, dag_id, run_id)
    return locked[0]


def get_task(session: Session, run: RunRow, task_id: str, path: str) -> TaskRow:
    """Return a task instance of a run. Raises NotFound."""
    for row in tasks_named(session, run.id, [task_id]):
        if row.path == path:
            return row
    raise no_task(session, run.id, task_id, path)


def any_task(session: Session, run: RunRow, task_id: str) -> TaskRow:
    """Return some instance of a task in a run. Raises NotFound."""
    found = tasks_named(session, run.id, [task_id])
    if not found:
        raise no_task(session, run.id, task_id, "")
    return found[0]
