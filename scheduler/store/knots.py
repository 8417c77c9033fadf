"""Runs that hold a place among their DAG's `max_active_runs` while they wait for a run that has none."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.core.states import UNFINISHED, RunState, TaskState
from scheduler.store.engine import Session
from scheduler.store.lists import is_in
from scheduler.store.run_queue import is_held
from scheduler.store.runs import age_of
from scheduler.store.tables import ACTIVE_RUNS, backfill, dag, dag_run, task_instance

R = dag_run.c
T = task_instance.c


def _is(run: sa.FromClause, state: RunState) -> sa.ColumnElement[bool]:
    """Tell the state of an active run, in the words of a partial index too."""
    return sa.and_(is_in(run.c.state, ACTIVE_RUNS), run.c.state == state)


_OLDER = dag_run.alias("older")
_ACTIVE = dag_run.alias("active")
#: What is under way, or comes back by itself.
_MOVES = sa.exists().where(T.run_pk == R.id, T.state.in_(sorted(UNFINISHED - {TaskState.NONE})))
_WAITS_BEFORE = sa.exists().where(
    _OLDER.c.dag_id == R.dag_id,
    _OLDER.c.backfill_id.is_not_distinct_from(R.backfill_id),
    _is(_OLDER, RunState.QUEUED),
    ~is_held(_OLDER),
    sa.or_(age_of(_OLDER) < age_of(dag_run), sa.and_(age_of(_OLDER) == age_of(dag_run), _OLDER.c.id < R.id)),
)
_RUNNING = (
    sa.select(sa.func.count())
    .where(_ACTIVE.c.dag_id == R.dag_id, _ACTIVE.c.backfill_id.is_not_distinct_from(R.backfill_id))
    .where(_is(_ACTIVE, RunState.RUNNING))
    .scalar_subquery()
)
_BLOCKED = (
    sa.select(R.id)
    .join(dag, dag.c.dag_id == R.dag_id)
    .outerjoin(backfill, backfill.c.id == R.backfill_id)
    .where(_is(dag_run, RunState.RUNNING), ~R.needs_planning, ~_MOVES)
    .where(_WAITS_BEFORE, sa.func.coalesce(backfill.c.max_active_runs, dag.c.max_active_runs) <= _RUNNING)
    # In no order: for one by id, SQLite would read the table from its beginning.
    .limit(sa.bindparam("room", type_=sa.Integer()))
)


def blocked_runs(session: Session, limit: int) -> list[int]:
    """Return running runs in which nothing moves, while an older one of their DAG, or backfill, finds no place.

    All tasks of such a run that have not ended wait for an earlier run; the planner has drawn every consequence.
    """
    return sorted(session.scalars(_BLOCKED, {"room": limit}))
