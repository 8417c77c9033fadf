"""Runs that are over: which of them may go, and their deletion in parts that hold nobody up.

A run may go once it has ended, all that its attempts were is summed up, and nothing looks back at it any more:

- another run of its DAG was created after it, so that each DAG keeps its newest;
- the run with the next newer logical date has ended: `depends_on_past` looks at the one before;
- a later run was created by the schedule, which counts on from its last one;
- none of its attempts is under way: a callback, or one that a worker still stops.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.states import RUN_FINISHED, AttemptState, RunType
from scheduler.store.engine import Session
from scheduler.store.lists import is_in, one_of
from scheduler.store.tables import (
    artifact,
    asset_held,
    attempt,
    dag,
    dag_run,
    dag_run_event,
    event,
    log_chunk,
    question,
    task_instance,
    task_note,
    task_state,
    xcom,
)

R = dag_run.c
A = attempt.c
_NEWER: Final = dag_run.alias("newer")
_NEXT: Final = dag_run.alias("next_run")
_SCHEDULED: Final = dag_run.alias("scheduled")
_IS_OVER: Final = is_in(R.state, sorted(RUN_FINISHED))
_KEYS: Final = one_of(R.id, "keys")


@dataclass(frozen=True, slots=True, order=True)
class OldRun:
    """A run that may go. They are read in this order."""

    end_date: datetime
    id: int
    dag_id: str


def _may_go() -> sa.ColumnElement[bool]:
    of_dag = _NEWER.c.dag_id == R.dag_id
    has_newer = sa.exists().where(of_dag, _NEWER.c.id > R.id)
    next_state = (
        sa.select(_NEXT.c.state)
        .where(_NEXT.c.dag_id == R.dag_id, _NEXT.c.logical_date > R.logical_date)
        .order_by(_NEXT.c.logical_date)
        .limit(1)
        .scalar_subquery()
    )
    next_is_over = sa.or_(R.logical_date.is_(None), next_state.in_(sorted(RUN_FINISHED)))
    is_scheduled = _SCHEDULED.c.run_type == RunType.SCHEDULED
    later = sa.exists().where(
        _SCHEDULED.c.dag_id == R.dag_id, _SCHEDULED.c.logical_date > R.logical_date, is_scheduled
    )
    under_way = sa.or_(is_in(A.state, [AttemptState.QUEUED, AttemptState.RUNNING]), ~A.is_counted)
    return sa.and_(
        _IS_OVER,
        R.counted_end == R.end_date,
        has_newer,
        next_is_over,
        sa.or_(R.run_type != RunType.SCHEDULED, later),
        ~sa.exists().where(A.run_pk == R.id, under_way),
    )


_END: Final = sa.bindparam("end", type_=R.end_date.type)
_AFTER: Final = sa.or_(
    R.end_date > _END, sa.and_(R.end_date == _END, R.id > sa.bindparam("id", type_=R.id.type))
)
_OLD: Final = (
    sa.select(R.end_date, R.id, R.dag_id)
    .where(R.end_date >= _END, R.end_date < sa.bindparam("before", type_=R.end_date.type), _AFTER, _may_go())
    .order_by(R.end_date, R.id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
)
_OLD_OF_REST: Final = _OLD.where(~one_of(R.dag_id, "dag_ids"))
_OLD_OF_SOME: Final = _OLD.where(one_of(R.dag_id, "dag_ids"))
_LAST_KEPT: Final = (
    sa.select(_NEWER.c.id)
    .where(_NEWER.c.dag_id == sa.bindparam("dag_id", type_=R.dag_id.type))
    .order_by(_NEWER.c.id.desc())
    .limit(1)
    .offset(sa.bindparam("kept", type_=sa.Integer()) - 1)
    .scalar_subquery()
)
_SURPLUS: Final = (
    sa.select(R.end_date, R.id, R.dag_id)
    .where(R.dag_id == sa.bindparam("dag_id", type_=R.dag_id.type), R.id > sa.bindparam("id"))
    .where(R.id < _LAST_KEPT, _may_go())
    .order_by(R.id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
)
#: Before all others: where a reading begins.
FIRST: Final = OldRun(datetime(1970, 1, 1, tzinfo=UTC), 0, "")
_LOCK: Final = (
    sa.select(R.id)
    .where(_KEYS, R.end_date <= sa.bindparam("until", type_=R.end_date.type), _may_go())
    .order_by(R.id)
    .with_for_update(of=dag_run, skip_locked=True)
)
_NAMES: Final = sa.select(R.dag_id, R.run_id).where(_KEYS)
_SIZES: Final = (
    sa.select(task_instance.c.run_pk, sa.func.count())
    .where(one_of(task_instance.c.run_pk, "keys"))
    .group_by(task_instance.c.run_pk)
)


def old_runs(
    session: Session,
    before: datetime,
    after: OldRun,
    limit: int,
    *,
    dag_ids: Collection[str] = (),
    but: Collection[str] = (),
) -> list[OldRun]:
    """Return runs that may go and ended before an instant, of these DAGs or of all but some, oldest end first."""
    binds = {"end": after.end_date, "id": after.id, "before": before, "room": limit}
    chosen = (_OLD_OF_SOME, sorted(dag_ids)) if dag_ids else (_OLD_OF_REST, sorted(but))
    rows = session.execute(chosen[0], binds | {"dag_ids": chosen[1]})
    return [OldRun(*row) for row in rows]


def surplus_runs(session: Session, dag_id: str, kept: int, after: OldRun, limit: int) -> list[OldRun]:
    """Return runs of a DAG that may go and are older than its newest `kept`, oldest first."""
    binds = {"dag_id": dag_id, "kept": kept, "id": after.id, "room": limit}
    return [OldRun(*row) for row in session.execute(_SURPLUS, binds)]


def crowded_dags(session: Session, kept: int) -> set[str]:
    """Return the DAGs that have more runs than are to be kept."""
    return set(session.scalars(sa.select(R.dag_id).group_by(R.dag_id).having(sa.func.count() > kept)))


def count_tasks(session: Session, run_pks: Collection[int]) -> dict[int, int]:
    """Return how many task instances each run has; one without any is left out."""
    rows = session.execute(_SIZES, {"keys": sorted(run_pks)})
    return {run_pk: int(count) for run_pk, count in rows}


def run_names(session: Session, run_pks: Collection[int]) -> list[tuple[str, str]]:
    """Return dag_id and run_id of runs, in no order; what is gone is left out."""
    return [(row.dag_id, row.run_id) for row in session.execute(_NAMES, {"keys": sorted(run_pks)})]


def delete_some(session: Session, runs: Collection[OldRun], room: int) -> bool:
    """Delete at most about `room` rows of what belongs to runs; true once the runs are gone, or are not to go.

    What a run needs to run again goes last, all at once, so a person may rerun it until then. Runs that somebody
    has taken up again meanwhile, though they have ended anew, or that another transaction holds, are left alone.
    """
    binds = {"keys": sorted(run.id for run in runs), "until": max(run.end_date for run in runs)}
    keys = list(session.scalars(_LOCK, binds))
    return delete_rows(session, keys, room)


def delete_rows(session: Session, run_pks: Sequence[int], room: int) -> bool:
    """Delete at most about `room` rows of what belongs to runs whose rows are locked; true once the runs are gone."""
    for statement in _BY_PARTS:
        if room > 0 and run_pks:
            room -= session.execute(statement, {"run_pks": run_pks, "room": room}).rowcount
    if room <= 0:
        return False
    for statement in _AT_ONCE:
        session.execute(statement, {"run_pks": run_pks})
    return True


def delete_runless_events(session: Session, before: datetime, limit: int) -> int:
    """Delete events that belong to no run and are older than an instant; return how many."""
    old = sa.select(event.c.id).where(sa.text("run_pk IS NULL"), event.c.at < before).limit(limit)
    return session.execute(sa.delete(event).where(event.c.id.in_(old))).rowcount


def dag_ids_with_runs(session: Session) -> list[str]:
    """Return the DAGs there are; runs go with their DAG, so none has runs beside these."""
    return list(session.scalars(sa.select(dag.c.dag_id).order_by(dag.c.dag_id)))


def _some(table: sa.Table, *keys: sa.Column[Any]) -> sa.Delete:
    rows = sa.select(*keys).select_from(table)
    if table is log_chunk:
        rows = rows.join(attempt, A.id == log_chunk.c.attempt_id)
    of_run = A.run_pk if table is log_chunk else table.c.run_pk
    rows = rows.where(one_of(of_run, "run_pks")).limit(sa.bindparam("room", type_=sa.Integer()))
    return sa.delete(table).where(sa.tuple_(*keys).in_(rows) if len(keys) > 1 else keys[0].in_(rows))


_BY_PARTS: Final[Sequence[sa.Delete]] = (
    _some(log_chunk, log_chunk.c.attempt_id, log_chunk.c.start),
    _some(event, event.c.id),
    _some(attempt, A.id),
)
_AT_ONCE: Final[Sequence[sa.Delete]] = (
    sa.delete(xcom).where(one_of(xcom.c.run_pk, "run_pks")),
    sa.delete(task_state).where(one_of(task_state.c.run_pk, "run_pks")),
    sa.delete(task_note).where(one_of(task_note.c.run_pk, "run_pks")),
    sa.delete(asset_held).where(one_of(asset_held.c.run_pk, "run_pks")),
    sa.delete(dag_run_event).where(one_of(dag_run_event.c.run_pk, "run_pks")),
    sa.delete(question).where(one_of(question.c.run_pk, "run_pks")),
    sa.delete(artifact).where(one_of(artifact.c.run_pk, "run_pks")),
    sa.delete(task_instance).where(one_of(task_instance.c.run_pk, "run_pks")),
    sa.delete(dag_run).where(one_of(R.id, "run_pks")),
)
