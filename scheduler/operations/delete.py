"""Delete a DAG with all its history, or one run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from scheduler.core.states import RUN_FINISHED, RunState
from scheduler.errors import Conflict
from scheduler.operations.finding import lock_run
from scheduler.store import dags
from scheduler.store.attempts import lock_live_attempts
from scheduler.store.dag_files import forget_files
from scheduler.store.deletion import count_running_attempts, delete_dag_row, delete_oldest_runs
from scheduler.store.engine import Database, Session
from scheduler.store.events import Event, append
from scheduler.store.history import delete_rows
from scheduler.store.reruns import judge_anew
from scheduler.store.run_ends import count_run, forget_outages
from scheduler.store.runs import count_active_runs, flag_runs, later_run, move_runs
from scheduler.store.tallies import count_attempts, forget_dag

#: Runs that go together, and rows that one transaction deletes of what belongs to them.
_BATCH: Final = 20
_ROWS: Final = 1_000
#: So many times as many attempts may have ended since the leader last counted.
_COUNTS: Final = 5
#: Raises where what is to be deleted is not what the caller has seen.
Condition = Callable[[Session], None]


def _always(_: Session) -> None:
    """Hold for whatever is there."""


def delete_dag(
    db: Database, now: datetime, dag_id: str, *, condition: Condition = _always, actor: str
) -> int:
    """Delete a DAG: runs, tasks, attempts, values, versions; return how many runs.

    Logs on disk are not touched. In many short transactions; one that is broken off goes on where it
    stopped when called again. A DAG whose file is still there comes back, new and without history. Raises
    NotFound, and Conflict while runs are active or attempts of cancelled ones have not stopped.
    """
    db.transact(partial(_close, now=now, dag_id=dag_id, condition=condition, actor=actor))
    _count_the_last(db, now)
    deleted = 0
    while (
        count := db.transact(lambda session: delete_oldest_runs(session, dag_id, _BATCH, _ROWS))
    ) is not None:
        deleted += count
    db.transact(partial(_finish, now=now, dag_id=dag_id, actor=actor, count=deleted))
    return deleted


def delete_run(
    db: Database, now: datetime, dag_id: str, run_id: str, *, condition: Condition = _always, actor: str
) -> None:
    """Delete a run that has ended, or has not started: its tasks, attempts, values and events.

    Logs on disk are not touched. In short transactions; one that is broken off goes on when called again. Raises
    NotFound, and Conflict while the run is running or attempts of it have not stopped.
    """
    db.transact(lambda session: _close_run(session, now, dag_id, run_id, condition, actor))
    _count_the_last(db, now)
    while not db.transact(lambda session: _delete_part(session, now, dag_id, run_id, actor)):
        pass


def _close_run(
    session: Session, now: datetime, dag_id: str, run_id: str, condition: Condition, actor: str
) -> None:
    condition(session)
    run = lock_run(session, dag_id, run_id)
    if run.is_running:
        raise Conflict(f"Run {run_id!r} cannot be deleted: it is {run.state}. Cancel it first.")
    if run.state is RunState.QUEUED:
        reason = f"deleted by {actor}"
        move_runs(session, now, [run.id], RunState.FAILED, reason=reason, actor=actor)
    if lock_live_attempts(session, run.id):
        raise Conflict(
            f"Run {run_id!r} cannot be deleted yet: attempts of it are still being stopped. "
            "Try again in a moment."
        )
    count_run(session, now, run.id)
    _announce(session, now, dag_id, "run", actor, run_id)


def _announce(session: Session, now: datetime, dag_id: str, what: str, actor: str, reason: str) -> None:
    """Write an event that outlives those of runs: SQLite gives the newest ids again, and readers count on by ids."""
    event = Event(at=now, kind=f"{what}.deleting", dag_id=dag_id, actor=actor, reason=reason)
    append(session, [event])


def _delete_part(session: Session, now: datetime, dag_id: str, run_id: str, actor: str) -> bool:
    run = lock_run(session, dag_id, run_id)
    if run.state not in RUN_FINISHED:
        raise Conflict(f"Run {run_id!r} is not deleted: somebody let it go on meanwhile.")
    later = later_run(session, run)
    is_gone = delete_rows(session, [run.id], _ROWS)
    if is_gone:
        if later is not None:  # It may have waited for this one, which nobody would end any more.
            judge_anew(session, later.id)
            flag_runs(session, [later.id])
        append(session, [Event(at=now, kind="run.deleted", dag_id=dag_id, actor=actor, reason=run_id)])
    return is_gone


def _count_the_last(db: Database, now: datetime) -> None:
    """Have what ended since the leader last counted in the sums of all DAGs; no more than what may have."""
    for _ in range(_COUNTS):
        if db.transact(lambda session: count_attempts(session, now, _ROWS)) < _ROWS:
            return


def _close(session: Session, now: datetime, dag_id: str, condition: Condition, actor: str) -> None:
    """Keep new scheduled runs away. What is active must be cancelled by a person first."""
    condition(session)
    dags.get_dag(session, dag_id)
    active = count_active_runs(session, [dag_id]).get(dag_id, 0)
    if active:
        raise Conflict(
            f"DAG {dag_id!r} cannot be deleted: {active} of its runs are {RunState.QUEUED} or "
            f"{RunState.RUNNING}. Cancel them first."
        )
    if stopping := count_running_attempts(session, dag_id):
        raise Conflict(
            f"DAG {dag_id!r} cannot be deleted yet: {stopping} of its attempts are still being stopped. "
            "Try again in a moment."
        )
    dags.retire_dags(session, now, [dag_id])
    _announce(session, now, dag_id, "dag", actor, "")


def _finish(session: Session, now: datetime, dag_id: str, actor: str, count: int) -> None:
    forget_files(session, [dags.get_dag(session, dag_id).file])
    forget_dag(session, dag_id)
    forget_outages(session, dag_id)
    delete_dag_row(session, dag_id)
    reason = f"with {count} runs"
    append(session, [Event(at=now, kind="dag.deleted", dag_id=dag_id, actor=actor, reason=reason)])
