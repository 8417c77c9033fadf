"""Runs: created once, planned under their row lock, finished once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.core.states import RUN_FINISHED, RunState, RunType, run_states_before
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.lists import is_in, is_raised, one_of
from scheduler.store.tables import ACTIVE_RUNS, dag_run
from scheduler.store.transaction import request_wake

R = dag_run.c


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as it stands."""

    id: int
    dag_id: str
    run_id: str
    run_type: RunType
    state: RunState
    version_id: int
    snapshot_id: int
    logical_date: datetime | None
    run_after: datetime
    start_date: datetime | None
    end_date: datetime | None
    timeout_at: datetime | None
    wake_at: datetime | None
    reason: str
    needs_planning: bool
    is_aside: bool

    @property
    def is_running(self) -> bool:
        """Whether it is neither waiting nor over."""
        return self.state is RunState.RUNNING


#: Columns of a RunRow.
ROW = (
    R.id,
    R.dag_id,
    R.run_id,
    R.run_type,
    R.state,
    R.version_id,
    R.snapshot_id,
    R.logical_date,
    R.run_after,
    R.start_date,
    R.end_date,
    R.timeout_at,
    R.wake_at,
    R.reason,
    R.needs_planning,
    R.is_aside,
)


def row_of(row: Sequence[Any]) -> RunRow:
    """Return the run that a row of ROW holds."""
    values: list[Any] = list(row)
    values[3:5] = RunType(values[3]), RunState(values[4])
    return RunRow(*values)


def _rows(result: sa.CursorResult[Any]) -> list[RunRow]:
    return [row_of(row) for row in result]


_KEYS = one_of(R.id, "keys")
_IS_ACTIVE = is_in(R.state, ACTIVE_RUNS)
# key_share: who inserts what refers to a run need not wait for whoever plans it.
_LOCKED = sa.select(*ROW).where(_KEYS).order_by(R.id).with_for_update(key_share=True)
_TO_PLAN = (
    sa.select(R.id)
    .where(is_raised(R.needs_planning), is_in(R.state, [RunState.RUNNING]), ~R.is_aside)
    .order_by(R.id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
    .with_for_update(skip_locked=True, key_share=True)
    .cte("to_plan")
)
_TAKE_TO_PLAN = (
    sa.update(dag_run).where(R.id.in_(sa.select(_TO_PLAN.c.id))).values(needs_planning=False).returning(*ROW)
)
#: A flag of a run that is over would stand for ever, and the leader look for its work.
_FLAG = sa.update(dag_run).where(_KEYS, _IS_ACTIVE).values(needs_planning=True)
_SET_WAKE = (
    sa.update(dag_run)
    .where(R.id == sa.bindparam("key"))
    .values(wake_at=sa.bindparam("wake", type_=R.wake_at.type))
)
#: What was set aside goes on as if it never had been; a run that is over waits for nothing any more.
_TAKEN_UP: Mapping[Any, Any] = {
    R.needs_planning: _IS_ACTIVE,
    R.wake_at: sa.case((_IS_ACTIVE, R.wake_at)),
    R.is_aside: False,
    R.reason: sa.case((R.is_aside, ""), else_=R.reason),
}


def event_of(
    now: datetime, run_pk: int, dag_id: str, origin: RunState | None, to: RunState, actor: str, reason: str
) -> Event:
    """Return the event of a run that comes to a state."""
    return Event(
        at=now,
        kind="run.state",
        dag_id=dag_id,
        run_pk=run_pk,
        from_state=origin,
        to_state=to,
        actor=actor,
        reason=reason,
    )


def find_run(session: Session, dag_id: str, run_id: str) -> RunRow | None:
    """Return a run by its names, or None."""
    rows = _rows(session.execute(sa.select(*ROW).where(R.dag_id == dag_id, R.run_id == run_id)))
    return rows[0] if rows else None


def find_run_by_key(session: Session, dag_id: str, trigger_key: str) -> RunRow | None:
    """Return a run by what triggered it, or None."""
    rows = _rows(session.execute(sa.select(*ROW).where(R.dag_id == dag_id, R.trigger_key == trigger_key)))
    return rows[0] if rows else None


def lock_runs(session: Session, run_pks: Collection[int]) -> list[RunRow]:
    """Lock runs in order of their keys until the end of the transaction; runs that are gone are left out."""
    return _rows(session.execute(_LOCKED, {"keys": sorted(run_pks)}))


def keep_run(session: Session, run_pk: int) -> bool:
    """Keep others from changing a run until the end of the transaction; false where somebody changes it just now."""
    query = sa.select(R.id).where(R.id == run_pk).with_for_update(read=True, skip_locked=True)
    return session.scalar(query) is not None


def take_runs_to_plan(session: Session, limit: int) -> list[RunRow]:
    """Lock running runs whose planning flag is up, oldest first, and take it down.

    Passes over what another transaction holds.
    """
    taken = _rows(session.execute(_TAKE_TO_PLAN, {"room": limit}))
    return sorted(taken, key=lambda run: run.id)


def flag_runs(session: Session, run_pks: Iterable[int]) -> None:
    """Ask the planner to look at those of these runs that are not over, and wake it after the commit."""
    keys = sorted(set(run_pks))
    if keys:
        session.execute(_FLAG, {"keys": keys})
        request_wake(session)


def set_wake(session: Session, run_pk: int, wake_at: datetime | None) -> None:
    """Have a run looked at again at `wake_at`; with None, when something changes."""
    session.execute(_SET_WAKE, {"key": run_pk, "wake": wake_at})


def bring_wake_forward(session: Session, run_pk: int, at: datetime) -> None:
    """Have the run looked at no later than `at`."""
    sooner = sa.or_(R.wake_at.is_(None), R.wake_at > at)
    session.execute(sa.update(dag_run).where(R.id == run_pk, sooner).values(wake_at=at))


def flag_due_runs(session: Session, now: datetime) -> int:
    """Raise the planning flag of runs whose `wake_at` has come, and take up what was set aside; return how many."""
    is_due = sa.and_(R.wake_at <= now, sa.or_(~R.needs_planning, R.is_aside))
    return session.execute(sa.update(dag_run).where(is_due).values(_TAKEN_UP)).rowcount


def move_runs(
    session: Session,
    now: datetime,
    run_pks: Collection[int],
    to: RunState,
    *,
    leaving: Iterable[RunState] | None = None,
    values: Mapping[str, Any] | None = None,
    actor: str = "scheduler",
    reason: str = "",
) -> list[RunRow]:
    """Move runs to a state; return those that moved. One guarded UPDATE, one event a row."""
    if not run_pks:
        return []
    allowed = run_states_before(to) if leaving is None else frozenset(leaving) & run_states_before(to)
    statement = (
        sa.update(dag_run)
        .where(R.id.in_(sorted(run_pks)), R.state.in_(sorted(allowed)))
        .values({"state": to, "reason": reason, **_stamps(now, to), **(values or {})})
        .returning(*ROW)
    )
    moved = _rows(session.execute(statement))
    origin = next(iter(allowed)) if len(allowed) == 1 else None
    append(session, [event_of(now, row.id, row.dag_id, origin, to, actor, reason) for row in moved])
    request_wake(session)
    return moved


def _stamps(now: datetime, to: RunState) -> dict[str, Any]:
    stamps: dict[str, Any] = {"needs_planning": True, "is_aside": False}
    if to in RUN_FINISHED:
        return stamps | {"end_date": now, "timeout_at": None, "wake_at": None, "needs_planning": False}
    return stamps | ({"end_date": None} if to is RunState.QUEUED else {})


def age_of(run: sa.FromClause) -> sa.ColumnElement[datetime]:
    """Return what the runs of a DAG are ordered by: `depends_on_past` looks back along the same row."""
    return sa.func.coalesce(run.c.logical_date, run.c.run_after)


def overdue_runs(session: Session, now: datetime) -> list[RunRow]:
    """Return running runs whose `dagrun_timeout` has passed."""
    is_overdue = sa.and_(R.timeout_at <= now, R.state == RunState.RUNNING, ~R.is_aside)
    return _rows(session.execute(sa.select(*ROW).where(is_overdue)))


def previous_run(session: Session, run: RunRow) -> RunRow | None:
    """Return the run of the same DAG with the next older logical date, or None: what `depends_on_past` looks at."""
    if run.logical_date is None:
        return None
    query = sa.select(*ROW).where(R.dag_id == run.dag_id, R.logical_date < run.logical_date)
    rows = _rows(session.execute(query.order_by(R.logical_date.desc()).limit(1)))
    return rows[0] if rows else None


def later_run(session: Session, run: RunRow) -> RunRow | None:
    """Return the run of the same DAG with the next newer logical date, or None."""
    if run.logical_date is None:
        return None
    query = sa.select(*ROW).where(R.dag_id == run.dag_id, R.logical_date > run.logical_date)
    rows = _rows(session.execute(query.order_by(R.logical_date).limit(1)))
    return rows[0] if rows else None


def count_active_runs(session: Session, dag_ids: Collection[str]) -> dict[str, int]:
    """Return how many runs of each DAG are queued or running; a DAG without any is left out."""
    query = (
        sa.select(R.dag_id, sa.func.count().label("active"))
        .where(R.dag_id.in_(sorted(dag_ids)), _IS_ACTIVE)
        .group_by(R.dag_id)
    )
    return {row.dag_id: row.active for row in session.execute(query)}


def forget_partitions(session: Session, run_pks: Collection[int]) -> None:
    """Have runs make no part of an asset any more."""
    statement = sa.update(dag_run).where(one_of(R.id, "ids")).values(partition_key=None, partition_date=None)
    session.execute(statement, {"ids": sorted(run_pks)})
