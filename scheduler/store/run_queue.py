"""Queued runs: which of them may start, and what the others wait behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scheduler.core.states import RunState, RunType
from scheduler.store.engine import Session
from scheduler.store.lists import is_in
from scheduler.store.runs import ROW, RunRow, age_of, row_of
from scheduler.store.tables import ACTIVE_RUNS, dag, dag_run

R = dag_run.c

_IS_ACTIVE = is_in(R.state, ACTIVE_RUNS)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a queued run stands among those of its DAG."""

    #: A scheduled run of a paused DAG, or one that was set aside.
    is_held: bool
    #: 1 for the oldest.
    place: int
    #: Runs of the DAG that are running.
    running: int
    max_active_runs: int
    may_start: bool


def is_held(run: sa.FromClause) -> sa.ColumnElement[bool]:
    """Tell whether a run waits for its paused DAG, to which it is joined, or was set aside.

    One started by hand goes on though the DAG be paused.
    """
    waits_for_dag = sa.and_(dag.c.is_paused, run.c.run_type == RunType.SCHEDULED)
    return sa.or_(run.c.is_aside, waits_for_dag)


def _queued(*which: sa.ColumnElement[bool]) -> sa.Subquery:
    active = (
        sa.select(R.dag_id, sa.func.count().label("running"))
        .where(_IS_ACTIVE, R.state == RunState.RUNNING)
        .group_by(R.dag_id)
        .subquery()
    )
    held = is_held(dag_run)
    # Those that are held are counted apart: they take nobody's place.
    place = sa.func.row_number().over(partition_by=(R.dag_id, held), order_by=(age_of(dag_run), R.id))
    running = sa.func.coalesce(active.c.running, 0)
    return (
        sa.select(
            *ROW,
            held.label("is_held"),
            place.label("place"),
            running.label("running"),
            dag.c.max_active_runs,
            sa.and_(~held, place + running <= dag.c.max_active_runs).label("may_start"),
        )
        .join(dag, dag.c.dag_id == R.dag_id)
        .outerjoin(active, active.c.dag_id == R.dag_id)
        .where(_IS_ACTIVE, R.state == RunState.QUEUED, *which)
        .subquery()
    )


def _startable() -> sa.Select[Any]:
    queued = _queued()
    columns = [queued.c[column.name] for column in ROW]
    bound = sa.bindparam("room", type_=sa.Integer())
    return sa.select(*columns).where(queued.c.may_start).order_by(queued.c.id).limit(bound)


def _standing() -> sa.Select[Any]:
    queued = _queued(R.dag_id == sa.bindparam("dag", type_=R.dag_id.type))
    columns = (queued.c[name] for name in Standing.__slots__)
    return sa.select(*columns).where(queued.c.id == sa.bindparam("run", type_=R.id.type))


_STARTABLE = _startable()
_STANDING = _standing()


def startable_runs(session: Session, limit: int) -> list[RunRow]:
    """Return queued runs that `max_active_runs` leaves room for, oldest first within each DAG.

    Scheduled runs of a paused DAG wait; a run started by hand goes on.
    """
    return [row_of(row) for row in session.execute(_STARTABLE, {"room": limit})]


def standing_of(session: Session, run: RunRow) -> Standing | None:
    """Return where a run stands; None where it is not queued, or its DAG is gone."""
    row = session.execute(_STANDING, {"dag": run.dag_id, "run": run.id}).one_or_none()
    return Standing(*row) if row else None
