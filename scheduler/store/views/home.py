"""The first page: what failed, what runs now, what comes next, how the last day went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select, union_all

from scheduler.core.states import RunState, TaskState
from scheduler.store.engine import Session
from scheduler.store.lists import is_in
from scheduler.store.tables import ACTIVE_RUNS, UNFINISHED_TASKS, dag, dag_run, task_instance, worker
from scheduler.store.views.durations import usual_durations


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run in which something stands failed: the last task that did, why, and how many did."""

    dag_id: str
    run_id: str
    task_id: str
    path: str
    reason: str
    try_number: int
    max_tries: int
    end_date: datetime | None
    failed_count: int


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A run that waits or runs, and how far it is."""

    dag_id: str
    run_id: str
    run_type: str
    state: str
    run_after: datetime
    start_date: datetime | None
    done_count: int
    task_count: int
    failed_count: int
    usual_s: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class NextRun:
    """A run that the schedule will make."""

    dag_id: str
    run_at: datetime
    is_paused: bool


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that ended, for the picture of the last day."""

    end_date: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Slots:
    """Places for attempts on the workers that are alive."""

    workers: int
    slots: int
    busy: int


def list_failed_runs(session: Session, since: datetime, limit: int) -> list[FailedRun]:
    """Return the runs, active or ended after `since`, in which a task stands failed, newest failure first."""
    # Each half is found by an index of its own; joined by OR, all tasks that there ever were would be read.
    failed_since = and_(is_in(dag_run.c.state, [RunState.FAILED]), dag_run.c.end_date >= since)
    recent = union_all(
        select(dag_run.c.id).where(is_in(dag_run.c.state, ACTIVE_RUNS)),
        select(dag_run.c.id).where(failed_since),
    )
    ti = task_instance.c
    newest = [ti.end_date.desc(), ti.id.desc()]
    ranked = (
        select(
            dag_run.c.dag_id,
            dag_run.c.run_id,
            *(ti[name] for name in FailedRun.__slots__[2:-1]),
            func.count().over(partition_by=ti.run_pk).label("failed_count"),
            func.row_number().over(partition_by=ti.run_pk, order_by=newest).label("place"),
        )
        .join(dag_run, dag_run.c.id == ti.run_pk)
        .where(ti.run_pk.in_(recent), is_in(ti.state, [TaskState.FAILED]))
        .subquery()
    )
    columns = [ranked.c[name] for name in FailedRun.__slots__]
    statement = select(*columns).where(ranked.c.place == 1).order_by(ranked.c.end_date.desc()).limit(limit)
    return [FailedRun(*row) for row in session.execute(statement)]


def list_active_runs(session: Session, limit: int) -> list[ActiveRun]:
    """Return the runs that wait or run, oldest first, with how far each is."""
    runs = session.execute(
        select(
            dag_run.c.id,
            dag_run.c.dag_id,
            dag_run.c.run_id,
            dag_run.c.run_type,
            dag_run.c.state,
            dag_run.c.run_after,
            dag_run.c.start_date,
            dag_run.c.reason,
        )
        .where(is_in(dag_run.c.state, ACTIVE_RUNS))
        .order_by(dag_run.c.queued_at, dag_run.c.id)
        .limit(limit)
    ).all()
    counts = count_states(session, [run.id for run in runs])
    usual = usual_durations(session, {run.dag_id for run in runs})
    return [
        ActiveRun(
            run.dag_id,
            run.run_id,
            run.run_type,
            run.state,
            run.run_after,
            run.start_date,
            *_progress(counts.get(run.id, {})),
            usual.get(run.dag_id),
            run.reason,
        )
        for run in runs
    ]


def _progress(counts: dict[str, int]) -> tuple[int, int, int]:
    total = sum(counts.values())
    done = total - sum(counts.get(state, 0) for state in UNFINISHED_TASKS)
    return done, total, counts.get("failed", 0)


def count_states(session: Session, run_pks: Sequence[int]) -> dict[int, dict[str, int]]:
    """Count the task instances of some runs by state: run -> state -> count."""
    out: dict[int, dict[str, int]] = {}
    ti = task_instance.c
    for run_pk, state, count in session.execute(
        select(ti.run_pk, ti.state, func.count()).where(ti.run_pk.in_(run_pks)).group_by(ti.run_pk, ti.state)
    ):
        out.setdefault(run_pk, {})[state] = count
    return out


def list_next_runs(session: Session, limit: int) -> list[NextRun]:
    """Return what the schedules will start, soonest first; of paused DAGs too, marked."""
    found = session.execute(
        select(dag.c.dag_id, dag.c.next_run_at, dag.c.is_paused)
        .where(dag.c.next_run_at.is_not(None), dag.c.retired_at.is_(None))
        .order_by(dag.c.is_paused, dag.c.next_run_at, dag.c.dag_id)
        .limit(limit)
    )
    return [NextRun(*row) for row in found]


def list_ended_runs(session: Session, since: datetime) -> list[EndedRun]:
    """Return when and how runs ended after `since`."""
    found = session.execute(
        select(dag_run.c.end_date, dag_run.c.state)
        .where(dag_run.c.end_date >= since)
        .order_by(dag_run.c.end_date)
    )
    return [EndedRun(*row) for row in found]


def count_slots(session: Session, now: datetime) -> Slots:
    """Count workers that are alive, their places, and those taken."""
    alive = and_(worker.c.lease_until > now, worker.c.stopped_at.is_(None))
    row = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(worker.c.slots), 0),
            func.coalesce(func.sum(worker.c.busy), 0),
        ).where(alive)
    ).one()
    return Slots(int(row[0]), int(row[1]), int(row[2]))


def count_dags(session: Session) -> int:
    """Count the DAGs that are in force."""
    return session.scalar(select(func.count()).select_from(dag).where(dag.c.retired_at.is_(None))) or 0
