"""Queued runs: which of them may start, and what the others wait behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from scheduler.core.states import RunState, RunType
from scheduler.store.engine import Session
from scheduler.store.lists import among, is_in
from scheduler.store.runs import ROW, RunRow, age_of, row_of
from scheduler.store.tables import ACTIVE_RUNS, backfill, dag, dag_run

R = dag_run.c
B = backfill.c

_IS_ACTIVE = is_in(R.state, ACTIVE_RUNS)
_IS_QUEUED = is_in(R.state, [RunState.QUEUED])
_LATER = dag_run.alias("later")
_OLDER = dag_run.alias("older")
_RUNNING = dag_run.alias("running")
_FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


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
    return _waits(run, dag.c.is_paused)


def _waits(run: sa.FromClause, is_paused: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.or_(run.c.is_aside, sa.and_(is_paused, run.c.run_type == RunType.SCHEDULED))


def _queued(*which: sa.ColumnElement[bool]) -> sa.Subquery:
    active = (
        sa.select(R.dag_id, sa.func.count().label("running"))
        .where(_IS_ACTIVE, R.state == RunState.RUNNING, R.backfill_id.is_(None))
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
        .where(_IS_ACTIVE, R.state == RunState.QUEUED, R.backfill_id.is_(None), *which)
        .subquery()
    )


def _waiting() -> sa.CTE:
    """Return the DAGs that have queued runs, found one after the other: however many runs wait, each is one step."""
    first = sa.select(sa.func.min(R.dag_id).label("dag_id")).where(_IS_QUEUED).cte("waiting", recursive=True)
    later = _LATER.c
    following = sa.select(sa.func.min(later.dag_id)).where(
        is_in(later.state, [RunState.QUEUED]), later.dag_id > first.c.dag_id
    )
    return first.union_all(sa.select(following.scalar_subquery()).where(first.c.dag_id.is_not(None)))


def _with_room() -> sa.CTE:
    """Return the DAGs of those that may start runs: how many."""
    waiting, running = _waiting(), _RUNNING.c
    taken = sa.select(sa.func.count()).where(
        running.dag_id == waiting.c.dag_id,
        is_in(running.state, ACTIVE_RUNS),
        running.state == RunState.RUNNING,
        running.backfill_id.is_(None),
    )
    room = dag.c.max_active_runs - taken.scalar_subquery()
    return (
        sa.select(dag.c.dag_id, dag.c.is_paused, room.label("room"))
        .join(waiting, waiting.c.dag_id == dag.c.dag_id)
        .where(room > 0)
        .cte("with_room")
    )


def _startable() -> sa.Select[Any]:
    """Rank the oldest queued runs of each DAG with room, no more of each than are asked for."""
    free, older, limit = _with_room(), _OLDER, sa.bindparam("room", type_=sa.Integer())
    last = (
        sa.select(age_of(older))
        .where(older.c.dag_id == free.c.dag_id, is_in(older.c.state, [RunState.QUEUED]))
        .where(~_waits(older, free.c.is_paused), older.c.backfill_id.is_(None))
        .order_by(age_of(older), older.c.id)
        .limit(1)
        .offset(limit - 1)
        .scalar_subquery()
    )
    place = sa.func.row_number().over(partition_by=R.dag_id, order_by=(age_of(dag_run), R.id))
    ranked = (
        sa.select(*ROW, place.label("place"), free.c.room)
        .join(free, free.c.dag_id == R.dag_id)
        .where(among(R.dag_id, sa.select(free.c.dag_id)), _IS_QUEUED, ~_waits(dag_run, free.c.is_paused))
        .where(R.backfill_id.is_(None))
        .where(age_of(dag_run) <= sa.func.coalesce(last, sa.literal(_FOREVER, R.run_after.type)))
        .subquery()
    )
    columns = [ranked.c[column.name] for column in ROW]
    either = sa.union_all(
        sa.select(*columns).where(ranked.c.place <= ranked.c.room), _startable_of_backfills()
    ).subquery()
    return sa.select(*either.c).order_by(either.c.id).limit(limit)


def _startable_of_backfills() -> sa.Select[Any]:
    """Rank the queued runs of each backfill in its direction: they have places of their own."""
    running = _RUNNING.c
    taken = sa.select(sa.func.count()).where(
        running.backfill_id == B.id, running.state == RunState.RUNNING, is_in(running.state, ACTIVE_RUNS)
    )
    age = age_of(dag_run)
    order = (sa.case((~B.run_backwards, age)), sa.case((B.run_backwards, age)).desc(), R.id)
    place = sa.func.row_number().over(partition_by=B.id, order_by=order)
    ranked = (
        sa.select(*ROW, place.label("place"), (B.max_active_runs - taken.scalar_subquery()).label("room"))
        .join(backfill, B.id == R.backfill_id)
        .where(R.backfill_id.is_not(None), _IS_QUEUED, ~R.is_aside, ~B.is_paused)
        .subquery()
    )
    columns = [ranked.c[column.name] for column in ROW]
    return sa.select(*columns).where(ranked.c.place <= ranked.c.room)


def _standing() -> sa.Select[Any]:
    queued = _queued(R.dag_id == sa.bindparam("dag", type_=R.dag_id.type))
    columns = (queued.c[name] for name in Standing.__slots__)
    return sa.select(*columns).where(queued.c.id == sa.bindparam("run", type_=R.id.type))


_STARTABLE = _startable()
_STANDING = _standing()


def startable_runs(session: Session, limit: int) -> list[RunRow]:
    """Return queued runs that `max_active_runs` leaves room for, oldest first within each DAG.

    Scheduled runs of a paused DAG wait; a run started by hand goes on. Those of a backfill take none of these places:
    it has its own `max_active_runs`, and its own pause.
    """
    return [row_of(row) for row in session.execute(_STARTABLE, {"room": limit})]


def standing_of(session: Session, run: RunRow) -> Standing | None:
    """Return where a run stands; None where it is not queued, is a backfill's, or its DAG is gone."""
    row = session.execute(_STANDING, {"dag": run.dag_id, "run": run.id}).one_or_none()
    return Standing(*row) if row else None
