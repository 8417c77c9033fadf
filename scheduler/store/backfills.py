"""Backfills: where each stands, and which of them may go on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.backfills import Range, Reprocess
from scheduler.errors import NotFound
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.lists import is_in
from scheduler.store.runs import ROW, RunRow, row_of
from scheduler.store.tables import ACTIVE_RUNS, backfill, dag, dag_run
from scheduler.store.transaction import request_wake
from scheduler.store.upsert import insert_into
from scheduler.wire import Data

B = backfill.c
R = dag_run.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """One backfill as it stands."""

    id: int
    dag_id: str
    from_date: datetime
    to_date: datetime
    run_backwards: bool
    max_active_runs: int
    reprocess_behavior: Reprocess
    dag_run_conf: Data | None  #: None: what runs again keeps its own
    run_on_latest_version: bool
    triggered_by: str
    is_paused: bool
    reason: str
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    is_cancelled: bool
    reached: datetime | None
    is_drawn: bool
    total_count: int | None
    left_count: int

    @property
    def range(self) -> Range:
        """Its dates, in its order."""
        return Range(self.from_date, self.to_date, self.run_backwards)

    @property
    def state(self) -> str:
        """What people read: running, paused, cancelled or completed."""
        if self.completed_at is not None:
            return "cancelled" if self.is_cancelled else "completed"
        return "paused" if self.is_paused else "running"


@dataclass(frozen=True, slots=True)
class DueBackfill:
    """A backfill that may go on, with the code of its runs; `room`: how many more may be active."""

    backfill: Backfill
    version_id: int
    snapshot_id: int
    bundle_version: str | None
    room: int

    @property
    def id(self) -> int:
        """Its key."""
        return self.backfill.id


_ROW: Final = tuple(B[name] for name in Backfill.__dataclass_fields__)
_DECLARED: Final = dag.alias("declared")
_ACTIVE: Final = (
    sa.select(sa.func.count())
    .where(dag_run.c.backfill_id == B.id, is_in(dag_run.c.state, ACTIVE_RUNS))
    .correlate(backfill)
    .scalar_subquery()
)
#: It has room for more runs; or, when it has made them all, none is active any more.
IS_DUE: Final = sa.and_(
    B.completed_at.is_(None),
    ~B.is_paused,
    sa.exists().where(_DECLARED.c.dag_id == B.dag_id, _DECLARED.c.retired_at.is_(None)),
    sa.case((B.is_drawn, _ACTIVE == 0), else_=B.max_active_runs > _ACTIVE),
)


def _backfill(row: Sequence[Any]) -> Backfill:
    values = dict(zip(Backfill.__dataclass_fields__, row, strict=False))
    return Backfill(**{**values, "reprocess_behavior": Reprocess(values["reprocess_behavior"])})


def insert_backfill(session: Session, now: datetime, values: Mapping[str, Any]) -> int | None:
    """Insert a backfill that has not begun; return its key, or None where another of its DAG goes on."""
    statement = insert_into(session, backfill).on_conflict_do_nothing().returning(B.id)
    begun = {"is_paused": False, "reason": "", "created_at": now, "updated_at": now, "is_cancelled": False}
    rest = {"is_drawn": False, "left_count": 0}
    found: int | None = session.scalar(statement, {**values, **begun, **rest})
    if found is not None:
        request_wake(session)
    return found


def get_backfill(session: Session, backfill_id: int) -> Backfill:
    """Return a backfill. Raises NotFound."""
    row = session.execute(sa.select(*_ROW).where(B.id == backfill_id)).one_or_none()
    if row is None:
        raise NotFound("backfill", str(backfill_id))
    return _backfill(row)


def lock_backfill(session: Session, backfill_id: int) -> Backfill:
    """Return a backfill under its row lock, which is taken before those of its runs. Raises NotFound."""
    row = session.execute(sa.select(*_ROW).where(B.id == backfill_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("backfill", str(backfill_id))
    return _backfill(row)


def active_backfill(session: Session, dag_id: str) -> Backfill | None:
    """Return the backfill of a DAG that has not ended."""
    row = session.execute(sa.select(*_ROW).where(B.dag_id == dag_id, B.completed_at.is_(None))).one_or_none()
    return None if row is None else _backfill(row)


def backfill_of_run(session: Session, run_pk: int) -> Backfill | None:
    """Return the backfill that a run belongs to."""
    row = session.execute(sa.select(*_ROW).join(dag_run, R.backfill_id == B.id).where(R.id == run_pk))
    found = row.one_or_none()
    return None if found is None else _backfill(found)


def list_backfills(
    session: Session,
    dag_id: str | None = None,
    *,
    limit: int = 100,
    offset: int = 0,
    is_newest_first: bool = True,
) -> list[Backfill]:
    """Return the backfills of a DAG, or all, the newest first unless asked otherwise."""
    order = B.id.desc() if is_newest_first else B.id
    query = sa.select(*_ROW).order_by(order).limit(limit).offset(offset)
    if dag_id is not None:
        query = query.where(B.dag_id == dag_id)
    return [_backfill(row) for row in session.execute(query)]


def list_live_backfills(session: Session, limit: int) -> list[Backfill]:
    """Return the backfills of all DAGs that have not ended, the newest first."""
    query = sa.select(*_ROW).where(B.completed_at.is_(None)).order_by(B.id.desc()).limit(limit)
    return [_backfill(row) for row in session.execute(query)]


def count_backfills(session: Session, dag_id: str | None = None) -> int:
    """Return how many backfills a DAG has had, or all DAGs."""
    query = sa.select(sa.func.count()).select_from(backfill)
    return session.scalar(query if dag_id is None else query.where(B.dag_id == dag_id)) or 0


def lock_due_backfills(session: Session, limit: int) -> list[DueBackfill]:
    """Lock backfills that may go on, passing over what another transaction holds, with their room."""
    query = (
        sa.select(
            *_ROW, dag.c.version_id, dag.c.snapshot_id, dag.c.bundle_version, B.max_active_runs - _ACTIVE
        )
        .join(dag, dag.c.dag_id == B.dag_id)
        .where(IS_DUE)
        .order_by(B.updated_at, B.id)
        .limit(limit)
        .with_for_update(of=backfill, skip_locked=True)
    )
    return [DueBackfill(_backfill(row), *row[len(_ROW) :]) for row in session.execute(query)]


def runs_by_date(session: Session, dag_id: str, dates: Collection[datetime]) -> dict[datetime, RunRow]:
    """Return the newest run that a DAG has for each of these logical dates."""
    query = sa.select(*ROW).where(R.dag_id == dag_id, R.logical_date.in_(sorted(dates))).order_by(R.id)
    found = [row_of(row) for row in session.execute(query)]
    return {run.logical_date: run for run in found if run.logical_date is not None}


def adopt_run(session: Session, run_pk: int, backfill_id: int, values: Mapping[str, Any]) -> None:
    """Have a run that is to run again count for a backfill, with another conf where one is given."""
    session.execute(sa.update(dag_run).where(R.id == run_pk).values(backfill_id=backfill_id, **values))


def advance_backfill(
    session: Session, now: datetime, backfill_id: int, reached: datetime | None, *, is_drawn: bool, left: int
) -> None:
    """Note how far a backfill came, and how many dates more were left as they are."""
    values: dict[Any, Any] = {B.is_drawn: is_drawn, B.updated_at: now, B.left_count: B.left_count + left}
    if reached is not None:
        values[B.reached] = reached
    session.execute(sa.update(backfill).where(B.id == backfill_id).values(values))
    request_wake(session)


def set_backfill_paused(
    session: Session, now: datetime, row: Backfill, *, is_paused: bool, actor: str, reason: str = ""
) -> None:
    """Hold a backfill back, or let it go on: its queued runs too."""
    values = {"is_paused": is_paused, "reason": reason, "updated_at": now}
    session.execute(sa.update(backfill).where(B.id == row.id, B.completed_at.is_(None)).values(values))
    _note(session, now, row, "paused" if is_paused else "resumed", actor, reason)
    request_wake(session)


def end_backfill(session: Session, now: datetime, row: Backfill, *, is_cancelled: bool, actor: str) -> None:
    """Let a backfill be over."""
    values = {"completed_at": now, "updated_at": now, "is_cancelled": is_cancelled, "is_paused": False}
    session.execute(sa.update(backfill).where(B.id == row.id, B.completed_at.is_(None)).values(values))
    _note(session, now, row, "cancelled" if is_cancelled else "completed", actor)


def note_created(session: Session, now: datetime, row: Backfill) -> None:
    """Write who asked for a backfill."""
    _note(session, now, row, "created", row.triggered_by)


def _note(session: Session, now: datetime, row: Backfill, what: str, actor: str, reason: str = "") -> None:
    words = f"backfill {row.id}: {row.from_date.isoformat()} to {row.to_date.isoformat()}"
    said = f"{words}; {reason}" if reason else words
    append(session, [Event(at=now, kind=f"backfill.{what}", dag_id=row.dag_id, actor=actor, reason=said)])


def active_runs(session: Session, backfill_id: int) -> list[int]:
    """Return the runs of a backfill that have not ended, oldest first."""
    query = sa.select(R.id).where(R.backfill_id == backfill_id, is_in(R.state, ACTIVE_RUNS))
    return list(session.scalars(query.order_by(R.id)))


def run_counts(session: Session, backfill_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return how many runs each backfill has, by state."""
    query = sa.select(R.backfill_id, R.state, sa.func.count()).group_by(R.backfill_id, R.state)
    found: dict[int, dict[str, int]] = {each: {} for each in backfill_ids}
    for backfill_id, state, count in session.execute(query.where(R.backfill_id.in_(sorted(backfill_ids)))):
        found[backfill_id][state] = count
    return found
