"""What traces tell of runs, tasks and attempts that have ended; by their ids, one statement each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import attempt, dag, dag_run, task_instance

R = dag_run.c
T = task_instance.c
A = attempt.c


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run; `began` is when it was created."""

    dag_id: str
    run_id: str
    state: str
    reason: str
    began: datetime
    ended: datetime
    run_type: str
    logical_date: datetime | None
    owner: str
    triggered_by: str


@dataclass(frozen=True, slots=True)
class EndedTask:
    """A task instance; `began` is when its first attempt was queued, the one before a rerun too."""

    dag_id: str
    run_id: str
    task_id: str
    path: str
    state: str
    reason: str
    began: datetime
    ended: datetime
    try_number: int
    operator: str
    queue: str
    pool: str
    scheduled_at: datetime | None


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt; `task_id` is empty for a callback of the DAG. None: it was never claimed, or never began."""

    attempt_id: int
    dag_id: str
    run_id: str
    task_id: str
    path: str
    kind: str
    state: str
    reason: str
    began: datetime
    ended: datetime
    try_number: int
    queue: str
    claimed_at: datetime | None
    start_date: datetime | None
    hostname: str
    worker_id: str | None
    exit_code: int | None
    signal: int | None
    cpu_s: float | None
    peak_memory_bytes: int | None
    error: Any


_RUNS: sa.Select[Any] = (
    sa.select(
        R.dag_id, R.run_id, R.state, R.reason, R.queued_at, R.end_date, R.run_type, R.logical_date,
        sa.func.coalesce(dag.c.owner, ""), R.triggered_by,
    )
    .select_from(dag_run.outerjoin(dag, dag.c.dag_id == R.dag_id))
    .where(one_of(R.id, "ids"), R.end_date.is_not(None))
)  # fmt: skip
_FIRST = sa.select(sa.func.min(A.queued_at)).where(A.ti_id == T.id, A.kind == "task").scalar_subquery()
_TASKS: sa.Select[Any] = (
    sa.select(
        R.dag_id, R.run_id, T.task_id, T.path, T.state, T.reason,
        sa.func.coalesce(_FIRST, T.end_date), T.end_date, T.try_number,
        T.operator, T.queue, T.pool, T.scheduled_at,
    )
    .select_from(task_instance.join(dag_run, R.id == T.run_pk))
    .where(one_of(T.id, "ids"), T.end_date.is_not(None), T.try_number > 0)
)  # fmt: skip
_ATTEMPTS: sa.Select[Any] = (
    sa.select(
        A.id, R.dag_id, R.run_id, sa.func.coalesce(T.task_id, ""), sa.func.coalesce(T.path, ""), A.kind,
        A.state, A.reason, A.queued_at, A.end_date, A.try_number, A.queue, A.claimed_at, A.start_date,
        A.hostname, A.worker_id, A.exit_code, A.signal, A.cpu_s, A.peak_memory_bytes, A.error,
    )
    .select_from(attempt.join(dag_run, R.id == A.run_pk).outerjoin(task_instance, T.id == A.ti_id))
    .where(one_of(A.id, "ids"), A.end_date.is_not(None))
)  # fmt: skip


def ended_runs(session: Session, ids: Collection[int]) -> list[EndedRun]:
    """Return the runs with these ids that have ended."""
    return [EndedRun(*row) for row in session.execute(_RUNS, {"ids": ids})]


def ended_tasks(session: Session, ids: Collection[int]) -> list[EndedTask]:
    """Return the task instances with these ids that have ended and had an attempt."""
    return [EndedTask(*row) for row in session.execute(_TASKS, {"ids": ids})]


def ended_attempts(session: Session, ids: Collection[int]) -> list[EndedAttempt]:
    """Return the attempts with these ids that have ended."""
    return [EndedAttempt(*row) for row in session.execute(_ATTEMPTS, {"ids": ids})]
