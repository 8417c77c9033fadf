"""Task instances: what the planner reads, and the one mover of their states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from scheduler.core.ids import TaskKey
from scheduler.core.states import (
    FINISHED,
    WAITING_FOR_TIME,
    TaskState,
    states_before,
)
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.lists import is_in, is_raised, one_of
from scheduler.store.tables import UNFINISHED_TASKS, task_instance

T = task_instance.c


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task instance as it stands."""

    id: int
    run_pk: int
    task_id: str
    path: str
    state: TaskState
    try_number: int
    max_tries: int
    losses: int

    @property
    def key(self) -> TaskKey:
        """What names the instance within its run."""
        return TaskKey(self.task_id, self.path)


#: Columns of a TaskRow.
ROW = (T.id, T.run_pk, T.task_id, T.path, T.state, T.try_number, T.max_tries, T.losses)
_RUN = sa.bindparam("run_pk", type_=T.run_pk.type)
_NOW = sa.bindparam("now", type_=T.retry_at.type)
_IDS = one_of(T.id, "ids")
#: Which tasks are to be moved.
_BY = {
    "ids": _IDS,
    "names": sa.and_(T.run_pk == sa.bindparam("of_run", type_=T.run_pk.type), one_of(T.task_id, "task_ids")),
}
_IS_UNFINISHED = is_in(T.state, UNFINISHED_TASKS)

# Statements that every task passes through are built once: building one takes longer than SQLite takes to run it.
_OF_RUN = sa.select(*ROW).where(T.run_pk == _RUN)
_NAMED = _OF_RUN.where(one_of(T.task_id, "task_ids"))
_LOCKED = sa.select(*ROW).where(_IDS).order_by(T.id).with_for_update()
_SCHEDULED = (
    sa.select(T.id)
    .where(T.run_pk == _RUN, _IS_UNFINISHED, is_in(T.state, [TaskState.SCHEDULED]))
    .order_by(T.id)
    .with_for_update()
)
_UNFINISHED = sa.select(T.id).where(T.run_pk == _RUN, _IS_UNFINISHED).limit(1)
_SOME_UNFINISHED = (
    sa.select(T.task_id)
    .where(T.run_pk == _RUN, _IS_UNFINISHED)
    .limit(sa.bindparam("room", type_=sa.Integer()))
)
_TAKE_CHANGED = (
    sa.update(task_instance)
    .where(T.run_pk == sa.bindparam("of_run", type_=T.run_pk.type), is_raised(T.changed))
    .values(changed=False)
    .returning(*ROW)
)
_TIMED = sa.and_(T.run_pk == _RUN, _IS_UNFINISHED, is_in(T.state, sorted(WAITING_FOR_TIME)))
_DUE = sa.select(*ROW).where(_TIMED, T.retry_at <= _NOW)
_NEXT_RETRY = sa.select(sa.func.min(T.retry_at)).where(_TIMED)


def _row(row: sa.Row[Any]) -> TaskRow:
    values: list[Any] = list(row)
    values[4] = TaskState(values[4])
    return TaskRow(*values)


def rows_of(result: sa.CursorResult[Any]) -> list[TaskRow]:
    """Return the rows of a query for ROW."""
    return [_row(row) for row in result]


def take_changed(session: Session, run_pk: int) -> list[TaskRow]:
    """Return the tasks of a run whose consequences are yet to be drawn, and take note that they now are."""
    return rows_of(session.execute(_TAKE_CHANGED, {"of_run": run_pk}))


def states_of(rows: Iterable[TaskRow]) -> dict[str, dict[str, TaskState]]:
    """Return states as the planner reads them: by task_id, then by path."""
    states: dict[str, dict[str, TaskState]] = {}
    for row in rows:
        states.setdefault(row.task_id, {})[row.path] = row.state
    return states


def tasks_named(session: Session, run_pk: int, task_ids: Collection[str]) -> list[TaskRow]:
    """Return all instances of the named tasks of a run."""
    return rows_of(session.execute(_NAMED, {"run_pk": run_pk, "task_ids": sorted(task_ids)}))


def tasks_of_run(session: Session, run_pk: int) -> list[TaskRow]:
    """Return every task instance of a run, in order of creation."""
    return rows_of(session.execute(_OF_RUN.order_by(T.id), {"run_pk": run_pk}))


def lock_tasks(session: Session, ids: Collection[int]) -> list[TaskRow]:
    """Return the tasks of these ids, their rows locked in order of id until the end of the transaction."""
    return rows_of(session.execute(_LOCKED, {"ids": sorted(ids)}))


def hold_scheduled(session: Session, run_pk: int, ids: Collection[int] | None = None) -> None:
    """Keep the scheduled tasks of a run, or some of them, from being queued until the end of the transaction.

    Waits for those that are being queued just now.
    """
    statement = _SCHEDULED if ids is None else _SCHEDULED.where(_IDS)
    session.execute(statement, {"run_pk": run_pk} | ({} if ids is None else {"ids": sorted(ids)}))


def has_unfinished(session: Session, run_pk: int) -> bool:
    """Tell whether any task of the run is not final."""
    return session.execute(_UNFINISHED, {"run_pk": run_pk}).first() is not None


def some_unfinished(session: Session, run_pk: int, limit: int) -> list[str]:
    """Return the ids of up to `limit` tasks of the run that are not final."""
    return list(session.execute(_SOME_UNFINISHED, {"run_pk": run_pk, "room": limit}).scalars())


def failed_tasks(session: Session, run_pk: int) -> list[str]:
    """Return the ids of the tasks of a run that failed themselves."""
    query = sa.select(T.task_id).where(T.run_pk == run_pk, T.state == TaskState.FAILED)
    return list(session.execute(query).scalars())


def move_tasks(
    session: Session,
    now: datetime,
    ids: Collection[int],
    to: TaskState,
    *,
    leaving: Iterable[TaskState] | None = None,
    values: Mapping[str, Any] | None = None,
    raised: Collection[str] = (),
    actor: str = "scheduler",
    reasons: Mapping[int, str] | None = None,
) -> list[TaskRow]:
    """Move tasks to a state; return those that moved. The others had left meanwhile and stay untouched.

    One guarded UPDATE and one event a row. `leaving` narrows the states that the table of moves allows; columns in
    `raised` go up by one. A final state sets `changed` unless `values` says otherwise, so that the planner draws the
    consequences; the caller flags the run.
    """
    if not ids:
        return []
    allowed = states_before(to) if leaving is None else frozenset(leaving) & states_before(to)
    given = {"state": to, "changed": to in FINISHED or to is TaskState.NONE, **(values or {})}
    statement = _move_statement("ids", frozenset(given), frozenset(raised), frozenset(allowed))
    binds = {f"to_{name}": value for name, value in given.items()}
    moved = rows_of(session.execute(statement, {"ids": sorted(ids), **binds}))
    origin = next(iter(allowed)) if len(allowed) == 1 else None
    append(session, [_event(row, now, origin, actor, (reasons or {}).get(row.id, "")) for row in moved])
    return moved


def move_named_tasks(
    session: Session,
    now: datetime,
    run_pk: int,
    task_ids: Collection[str],
    to: TaskState,
    *,
    leaving: TaskState,
    values: Mapping[str, Any],
) -> list[TaskRow]:
    """Move the tasks of a run by their names, those in state `leaving`, as `move_tasks` does for the scheduler."""
    if not task_ids:
        return []
    given = {"state": to, **values}
    statement = _move_statement(
        "names", frozenset(given), frozenset(), frozenset([leaving]) & states_before(to)
    )
    binds = {"of_run": run_pk, "task_ids": sorted(task_ids)}
    moved = rows_of(
        session.execute(statement, binds | {f"to_{name}": value for name, value in given.items()})
    )
    append(session, [_event(row, now, leaving, "scheduler", "") for row in moved])
    return moved


@cache
def _move_statement(
    by: Literal["ids", "names"], given: frozenset[str], raised: frozenset[str], allowed: frozenset[TaskState]
) -> sa.sql.dml.ReturningUpdate[Any]:
    values: dict[str, Any] = {name: sa.bindparam(f"to_{name}", type_=T[name].type) for name in given}
    values |= {name: T[name] + 1 for name in raised}
    moved = sa.update(task_instance).where(_BY[by], is_in(T.state, sorted(allowed)))
    return moved.values(values).returning(*ROW)


def _event(row: TaskRow, now: datetime, origin: TaskState | None, actor: str, reason: str) -> Event:
    return Event(
        at=now,
        kind="task.state",
        run_pk=row.run_pk,
        ti_id=row.id,
        from_state=origin,
        to_state=row.state,
        actor=actor,
        reason=reason,
    )


def set_reasons(session: Session, reasons: Mapping[int, str]) -> None:
    """Keep, for lists, why each task is where it is."""
    if not reasons:
        return
    statement = (
        sa.update(task_instance).where(T.id == sa.bindparam("b_id")).values(reason=sa.bindparam("b_reason"))
    )
    session.execute(statement, [{"b_id": key, "b_reason": text} for key, text in reasons.items()])


def due_tasks(session: Session, run_pk: int, now: datetime) -> list[TaskRow]:
    """Return the tasks of a run that wait for an instant which has come."""
    return rows_of(session.execute(_DUE, {"run_pk": run_pk, "now": now}))


def next_retry(session: Session, run_pk: int) -> datetime | None:
    """Return the earliest instant that a task of the run waits for."""
    return session.execute(_NEXT_RETRY, {"run_pk": run_pk}).scalar()


_INSERT = sa.insert(task_instance)


def insert_tasks(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the instances of a run in one statement."""
    if rows:
        session.execute(_INSERT, list(rows))


def name_instances(session: Session, names: Mapping[int, str]) -> None:
    """Keep what instances of mapped tasks are called."""
    if names:
        statement = sa.update(task_instance).where(T.id == sa.bindparam("b_id"))
        rows = [{"b_id": key, "b_name": name} for key, name in names.items()]
        session.execute(statement.values(rendered_map_index=sa.bindparam("b_name")), rows)


def set_retry_times(session: Session, times: Mapping[int, datetime]) -> None:
    """Keep the instant at which each task is to be looked at again."""
    if not times:
        return
    at = sa.bindparam("b_at", type_=T.retry_at.type)
    statement = sa.update(task_instance).where(T.id == sa.bindparam("b_id")).values(retry_at=at)
    session.execute(statement, [{"b_id": key, "b_at": moment} for key, moment in times.items()])


def count_losses(session: Session, ids: Collection[int]) -> None:
    """Count an attempt that was lost, which is no try."""
    _excuse(session, ids, T.losses + 1)


def excuse_stops(session: Session, ids: Collection[int]) -> None:
    """Allow one more try to tasks whose worker was stopped."""
    _excuse(session, ids, T.losses)


def excuse_waits(session: Session, ids: Collection[int]) -> None:
    """Allow one more try to tasks that only looked and wait; they ended by themselves, so losses count anew."""
    _excuse(session, ids, sa.literal(0), waiting_since=sa.func.coalesce(T.waiting_since, T.start_date))


def _excuse(session: Session, ids: Collection[int], losses: sa.ColumnElement[int], **more: Any) -> None:
    if ids:
        statement = sa.update(task_instance).where(T.id.in_(sorted(ids)))
        counts = {"losses": losses, "max_tries": T.max_tries + 1, "excused": T.excused + 1}
        session.execute(statement.values(**counts, **more))


def mark_instances(session: Session, run_pk: int, keys: Collection[TaskKey]) -> None:
    """Have the planner look at instances of a run, whatever their states; the caller flags the run."""
    for batch in in_batches(sorted(keys)):
        named = sa.tuple_(T.task_id, T.path).in_(batch)
        session.execute(sa.update(task_instance).where(T.run_pk == run_pk, named).values(changed=True))


def mark_changed(session: Session, run_pk: int, task_ids: Collection[str]) -> None:
    """Have the planner look at tasks of a run that have not started; the caller flags the run."""
    named = sa.and_(T.run_pk == run_pk, T.task_id.in_(sorted(task_ids)), T.state == TaskState.NONE)
    session.execute(sa.update(task_instance).where(named).values(changed=True))
