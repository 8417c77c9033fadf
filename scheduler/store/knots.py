"""Runs that hold a place among their DAG's `max_active_runs` while they wait for a run that has none."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.core.states import UNFINISHED, RunState, TaskState
from scheduler.store.engine import Session
from scheduler.store.run_queue import is_held
from scheduler.store.runs import age_of
from scheduler.store.tables import dag, dag_run, task_instance

R = dag_run.c
T = task_instance.c

_OLDER = dag_run.alias("older")
_ACTIVE = dag_run.alias("active")
#: What is under way, or comes back by itself.
_MOVES = sa.exists().where(T.run_pk == R.id, T.state.in_(sorted(UNFINISHED - {TaskState.NONE})))
_WAITS_BEFORE = sa.exists().where(
    _OLDER.c.dag_id == R.dag_id,
    _OLDER.c.state == RunState.QUEUED,
    ~is_held(_OLDER),
    sa.or_(age_of(_OLDER) < age_of(dag_run), sa.and_(age_of(_OLDER) == age_of(dag_run), _OLDER.c.id < R.id)),
)
_RUNNING = (
    sa.select(sa.func.count())
    .where(_ACTIVE.c.dag_id == R.dag_id, _ACTIVE.c.state == RunState.RUNNING)
    .scalar_subquery()
)
_BLOCKED = (
    sa.select(R.id)
    .join(dag, dag.c.dag_id == R.dag_id)
    .where(R.state == RunState.RUNNING, ~R.needs_planning, ~_MOVES)
    .where(_WAITS_BEFORE, dag.c.max_active_runs <= _RUNNING)
    .order_by(R.id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
)


def blocked_runs(session: Session, limit: int) -> list[int]:
    """Return running runs in which nothing moves, while an older one of their DAG finds no place.

    All tasks of such a run that have not ended wait for an earlier run; the planner has drawn every consequence.
    """
    return list(session.scalars(_BLOCKED, {"room": limit}))
