"""Attempts: locked, cancelled, ended. `tickets`, `claims` and `leases` say how they are queued, claimed and kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.core.states import LIVE_ATTEMPT, AttemptState, attempt_states_before
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.lists import one_of
from scheduler.store.runs import ROW as RUN_ROW
from scheduler.store.runs import RunRow, row_of
from scheduler.store.tables import attempt, dag_run
from scheduler.store.tasks import hold_scheduled
from scheduler.store.transaction import note_ended

A = attempt.c


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt as it stands."""

    id: int
    run_pk: int
    ti_id: int | None
    kind: str
    try_number: int
    state: AttemptState
    epoch: int
    queue: str
    worker_id: str | None
    hostname: str
    start_date: datetime | None
    cancel_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended, as it is to be recorded."""

    attempt_id: int
    state: AttemptState
    reason: str = ""
    error: Mapping[str, Any] | None = None
    exit_code: int | None = None
    signal: int | None = None
    cpu_s: float | None = None
    peak_memory_bytes: int | None = None
    start_date: datetime | None = None
    end_date: datetime
    rendered: Mapping[str, Any] | None = None


#: Columns of an AttemptRow.
ROW = (
    A.id,
    A.run_pk,
    A.ti_id,
    A.kind,
    A.try_number,
    A.state,
    A.epoch,
    A.queue,
    A.worker_id,
    A.hostname,
    A.start_date,
    A.cancel_reason,
)


def _row(row: sa.Row[Any]) -> AttemptRow:
    values: list[Any] = list(row)
    values[5] = AttemptState(values[5])
    return AttemptRow(*values)


def rows_of(result: sa.CursorResult[Any]) -> list[AttemptRow]:
    """Return the rows of a query for ROW."""
    return [_row(row) for row in result]


_INSTANT = attempt.c.queued_at.type


@dataclass(frozen=True, slots=True)
class Reported:
    """What stands of an attempt that somebody reports on, and of its run. Both are locked."""

    id: int
    state: str
    epoch: int
    cancel_reason: str | None
    run: RunRow


_REPORTED = (
    sa.select(A.id, A.state, A.epoch, A.cancel_reason, *RUN_ROW)
    # PostgreSQL locks the rows of each pair in the order of the tables: the run before its attempt.
    .select_from(dag_run.join(attempt, A.run_pk == dag_run.c.id))
    .where(one_of(A.id, "ids"))
    .order_by(dag_run.c.id, A.id)
    .with_for_update(key_share=True)
)


def lock_reported(session: Session, ids: Collection[int]) -> list[Reported]:
    """Lock attempts with their runs until the end of the transaction, run by run; those that are gone are left out.

    Who locks runs in order of their keys before anything below them meets no deadlock with this.
    """
    rows = session.execute(_REPORTED, {"ids": sorted(ids)})
    return [Reported(*row[:4], row_of(row[4:])) for row in rows]


def lock_live_attempts(
    session: Session, run_pk: int, ti_ids: Collection[int] | None = None
) -> list[AttemptRow]:
    """Lock the queued and running attempts of a locked run, or of some of its tasks; no other one comes to be.

    Whoever admits tasks does not lock their run, so those that wait to be queued are locked first.
    """
    hold_scheduled(session, run_pk, ti_ids)
    query = sa.select(*ROW).where(A.run_pk == run_pk, A.state.in_(sorted(LIVE_ATTEMPT)))
    if ti_ids is not None:
        query = query.where(A.ti_id.in_(sorted(ti_ids)))
    return rows_of(session.execute(query.order_by(A.id).with_for_update()))


def cancel_attempts(
    session: Session, now: datetime, rows: Collection[AttemptRow], reason: str, *, actor: str
) -> None:
    """End queued attempts at once, and ask the workers of running ones to stop them.

    The rows must be locked. The state of their tasks is the caller's to move; what a running one reports later
    changes its attempt only.
    """
    live = [row.id for row in rows if row.state in LIVE_ATTEMPT]
    if not live:
        return
    statement = (
        sa.update(attempt)
        .where(A.id.in_(sorted(live)), A.state.in_(sorted(attempt_states_before(AttemptState.CANCELLED))))
        .values(cancel_reason=reason)
    )
    session.execute(statement)
    queued = [row for row in rows if row.state is AttemptState.QUEUED]
    end_attempts(
        session,
        [
            Ending(attempt_id=row.id, state=AttemptState.CANCELLED, reason=reason, end_date=now)
            for row in queued
        ],
    )
    append(session, [_event(row, now, AttemptState.CANCELLED, actor, reason) for row in queued])


_ENDING = ("state", "reason", "error", "exit_code", "signal", "cpu_s", "peak_memory_bytes", "end_date")


_END = (
    sa.update(attempt)
    # Not IN: an expanding parameter cannot be used with many rows.
    .where(A.id == sa.bindparam("b_id"), sa.or_(*(A.state == state for state in sorted(LIVE_ATTEMPT))))
    .values(
        {name: sa.bindparam(f"b_{name}", type_=A[name].type) for name in _ENDING}
        | {
            "start_date": sa.func.coalesce(sa.bindparam("b_start_date", type_=_INSTANT), A.start_date),
            "rendered": sa.func.coalesce(
                sa.bindparam("b_rendered", type_=sa.JSON(none_as_null=True)), A.rendered
            ),
            "lease_until": None,
            "queue_deadline": None,
        }
    )
)


def end_attempts(session: Session, endings: Sequence[Ending]) -> None:
    """Record how attempts ended. The rows must be locked: under that lock the caller has checked state and epoch."""
    if endings:
        session.execute(_END, [_binds(ending) for ending in endings])
        note_ended(session, (ending.attempt_id for ending in endings))


def _binds(ending: Ending) -> dict[str, Any]:
    values = {f"b_{name}": getattr(ending, name) for name in (*_ENDING, "start_date", "rendered")}
    return {"b_id": ending.attempt_id, **values}


def _event(row: AttemptRow, now: datetime, to: AttemptState, actor: str, reason: str) -> Event:
    return Event(
        at=now,
        kind="attempt.state",
        run_pk=row.run_pk,
        ti_id=row.ti_id,
        attempt_id=row.id,
        from_state=row.state,
        to_state=to,
        actor=actor,
        reason=reason,
    )


def set_rendered(session: Session, attempt_id: int, epoch: int, fields: Mapping[str, Any]) -> None:
    """Keep the rendered template fields of a running attempt for the page."""
    statement = sa.update(attempt).where(
        A.id == attempt_id, A.epoch == epoch, A.state == AttemptState.RUNNING
    )
    session.execute(statement.values(rendered=dict(fields)))
