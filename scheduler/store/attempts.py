"""Attempts: claimed by a worker under a lease, renewed, reported once. The epoch tells one claim from the next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scheduler.core.states import LIVE_ATTEMPT, AttemptState, TaskState, attempt_states_before
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.instants import db_now, db_now_plus
from scheduler.store.tables import attempt, dag_run, task_instance
from scheduler.store.tasks import move_tasks

#: After so long in the queue, the ticket of an attempt goes out again.
TICKET_IN = timedelta(seconds=10)

A = attempt.c
T = task_instance.c
R = dag_run.c


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


@dataclass(frozen=True, slots=True)
class Claimed:
    """All that a worker needs to know to run an attempt that it has just claimed."""

    id: int
    run_pk: int
    ti_id: int | None
    kind: str
    try_number: int
    epoch: int
    queued_at: datetime
    payload: Mapping[str, Any] | None
    task_id: str
    path: str
    max_tries: int
    dag_id: str
    run_id: str
    run_type: str
    version_id: int
    snapshot_id: int
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    run_after: datetime
    run_start_date: datetime | None
    run_queued_at: datetime
    conf: Mapping[str, Any]
    params: Mapping[str, Any]
    triggered_by: str
    run_state: str


@dataclass(frozen=True, slots=True)
class Renewal:
    """What the database answers to a renewal. An attempt that is not in `kept` is lost to this worker."""

    kept: frozenset[int]
    cancelled: Mapping[int, str]


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


_ROW = (
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


def _rows(result: sa.CursorResult[Any]) -> list[AttemptRow]:
    return [_row(row) for row in result]


_INSTANT = attempt.c.queued_at.type
_IDS = sa.bindparam("ids", expanding=True, type_=A.id.type)
_LEASE_S = sa.bindparam("lease_s", type_=sa.Float())

_QUEUED_COLUMNS = (
    "run_pk", "ti_id", "kind", "try_number", "state", "epoch", "queue", "priority", "queued_at", "queue_deadline",
    "hostname", "reason",
)  # fmt: skip
_INSERT_QUEUED = (
    sa.insert(attempt)
    .from_select(
        _QUEUED_COLUMNS,
        sa.select(
            T.run_pk,
            T.id,
            sa.literal("task"),
            T.try_number,
            sa.literal(AttemptState.QUEUED.value),
            sa.literal(0),
            T.queue,
            T.priority,
            sa.bindparam("now", type_=_INSTANT),
            sa.bindparam("deadline", type_=_INSTANT),
            sa.literal(""),
            sa.literal(""),
        ).where(T.id.in_(_IDS)),
        include_defaults=False,
    )
    .returning(A.queue)
)
_BEST = (
    sa.select(A.id)
    .where(A.state == AttemptState.QUEUED, A.queue.in_(sa.bindparam("queues", expanding=True)))
    .order_by(A.priority.desc(), A.queued_at, A.id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
    .with_for_update(skip_locked=True)
    .cte("best")
)
_CLAIM = (
    sa.update(attempt)
    .where(A.id.in_(sa.select(_BEST.c.id)), A.state == AttemptState.QUEUED)
    .values(
        state=AttemptState.RUNNING,
        epoch=A.epoch + 1,
        worker_id=sa.bindparam("claimer"),
        hostname=sa.bindparam("host"),
        claimed_at=sa.bindparam("now", type_=_INSTANT),
        lease_until=db_now_plus(_LEASE_S),
        queue_deadline=None,
    )
    .returning(A.id, A.ti_id)
)
_CLAIMED = (
    sa.select(
        A.id, A.run_pk, A.ti_id, A.kind, A.try_number, A.epoch, A.queued_at, A.payload,
        sa.func.coalesce(T.task_id, ""), sa.func.coalesce(T.path, ""), sa.func.coalesce(T.max_tries, 1),
        R.dag_id, R.run_id, R.run_type, R.version_id, R.snapshot_id, R.logical_date,
        R.data_interval_start, R.data_interval_end, R.run_after, R.start_date, R.queued_at,
        R.conf, R.params, R.triggered_by, R.state,
    )
    .join(dag_run, R.id == A.run_pk)
    .outerjoin(task_instance, T.id == A.ti_id)
    .where(A.id.in_(_IDS))
    .order_by(A.priority.desc(), A.queued_at, A.id)
)  # fmt: skip
_LOCKED = sa.select(*_ROW).where(A.id.in_(_IDS)).order_by(A.id).with_for_update()


def queue_tasks(
    session: Session, now: datetime, ids: Collection[int], *, actor: str = "scheduler"
) -> set[str]:
    """Move scheduled tasks to queued, each with a new attempt; return the queues that have work now.

    One transaction with the plan: an attempt exists before its ticket goes out.
    """
    moved = move_tasks(
        session,
        now,
        ids,
        TaskState.QUEUED,
        leaving=[TaskState.SCHEDULED],
        values={"queued_at": now, "retry_at": None, "end_date": None},
        raised=["try_number"],
        actor=actor,
    )
    if not moved:
        return set()
    binds = {"ids": sorted(row.id for row in moved), "now": now, "deadline": now + TICKET_IN}
    return set(session.execute(_INSERT_QUEUED, binds).scalars())


def queue_callback(
    session: Session,
    now: datetime,
    *,
    run_pk: int,
    kind: str,
    payload: Mapping[str, Any],
    ti_id: int | None = None,
    try_number: int = 1,
    queue: str = "default",
) -> str:
    """Queue an attempt that runs a callback: it has a lease, a log and an outcome like any other. Return its queue."""
    session.execute(
        sa.insert(attempt).values(
            run_pk=run_pk,
            ti_id=ti_id,
            kind=kind,
            try_number=try_number,
            state=AttemptState.QUEUED,
            queue=queue,
            payload=dict(payload),
            queued_at=now,
            queue_deadline=now + TICKET_IN,
        )
    )
    return queue


def claim_attempts(
    session: Session,
    now: datetime,
    *,
    worker_id: str,
    hostname: str,
    queues: Collection[str],
    limit: int,
    lease_s: float,
) -> list[Claimed]:
    """Take the best queued attempts of these queues: priority, then age. At most `limit`.

    One guarded UPDATE that raises the epoch and starts the lease by the database's clock; rows that another worker is
    taking are passed over. The tasks move to running in the same transaction.
    """
    binds = {
        "queues": sorted(queues),
        "room": limit,
        "claimer": worker_id,
        "host": hostname,
        "now": now,
        "lease_s": lease_s,
    }
    taken = session.execute(_CLAIM, binds).all()
    if not taken:
        return []
    move_tasks(
        session,
        now,
        [ti_id for _, ti_id in taken if ti_id is not None],
        TaskState.RUNNING,
        leaving=[TaskState.QUEUED],
        values={"start_date": now, "hostname": hostname},
        actor=f"worker:{hostname}",
    )
    return _claimed(session, [attempt_id for attempt_id, _ in taken])


def _claimed(session: Session, ids: Sequence[int]) -> list[Claimed]:
    rows: Iterable[Any] = session.execute(_CLAIMED, {"ids": ids})
    return [Claimed(*row) for row in rows]


def renew_leases(session: Session, *, worker_id: str, ids: Collection[int], lease_s: float) -> Renewal:
    """Prolong all leases of a worker in one statement; the answer carries what is to be stopped."""
    held = (
        sa.select(A.id)
        .where(A.id.in_(sorted(ids)), A.worker_id == worker_id, A.state == AttemptState.RUNNING)
        .order_by(A.id)
        .with_for_update()
        .cte("held")
    )
    statement = (
        sa.update(attempt)
        .where(A.id.in_(sa.select(held.c.id)), A.lease_until > db_now())
        .values(lease_until=db_now_plus(lease_s))
        .returning(A.id, A.cancel_reason)
    )
    rows = session.execute(statement).all()
    return Renewal(
        kept=frozenset(attempt_id for attempt_id, _ in rows),
        cancelled={attempt_id: reason for attempt_id, reason in rows if reason is not None},
    )


def cancellations(session: Session, *, worker_id: str) -> dict[int, str]:
    """Return the attempts of a worker that somebody asked to stop, with the reason."""
    query = sa.select(A.id, A.cancel_reason).where(
        A.worker_id == worker_id, A.state == AttemptState.RUNNING, A.cancel_reason.is_not(None)
    )
    return {row.id: row.cancel_reason for row in session.execute(query)}


def lock_attempts(session: Session, ids: Collection[int]) -> list[AttemptRow]:
    """Lock attempts in order of their ids until the end of the transaction."""
    return _rows(session.execute(_LOCKED, {"ids": sorted(ids)}))


def lock_live_attempts(
    session: Session, run_pk: int, ti_ids: Collection[int] | None = None
) -> list[AttemptRow]:
    """Lock the queued and running attempts of a run, or of some of its tasks."""
    query = sa.select(*_ROW).where(A.run_pk == run_pk, A.state.in_(sorted(LIVE_ATTEMPT)))
    if ti_ids is not None:
        query = query.where(A.ti_id.in_(sorted(ti_ids)))
    return _rows(session.execute(query.order_by(A.id).with_for_update()))


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
            "lease_until": None,
            "queue_deadline": None,
        }
    )
)


def end_attempts(session: Session, endings: Sequence[Ending]) -> None:
    """Record how attempts ended. The rows must be locked: under that lock the caller has checked state and epoch."""
    if endings:
        session.execute(_END, [_binds(ending) for ending in endings])


def _binds(ending: Ending) -> dict[str, Any]:
    values = asdict(ending)
    values["id"] = values.pop("attempt_id")
    return {f"b_{name}": value for name, value in values.items()}


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


def expired_attempts(session: Session, limit: int) -> list[AttemptRow]:
    """Return running attempts whose lease has run out by the database's clock."""
    query = sa.select(*_ROW).where(A.state == AttemptState.RUNNING, A.lease_until < db_now())
    return _rows(session.execute(query.order_by(A.id).limit(limit)))


def expire_worker(session: Session, worker_id: str) -> int:
    """Let all leases of a worker run out now: it is known to be dead. Return how many there were."""
    statement = (
        sa.update(attempt)
        .where(A.worker_id == worker_id, A.state == AttemptState.RUNNING)
        .values(lease_until=db_now_plus(-1.0))
    )
    return session.execute(statement).rowcount


def still_expired(session: Session, ids: Collection[int]) -> list[AttemptRow]:
    """Lock attempts and return those that are running with a lease that has run out. Call under their runs' locks."""
    query = (
        sa.select(*_ROW)
        .where(A.id.in_(sorted(ids)), A.state == AttemptState.RUNNING, A.lease_until < db_now())
        .order_by(A.id)
        .with_for_update()
    )
    return _rows(session.execute(query))


def release_attempts(session: Session, now: datetime, ids: Collection[int], *, worker_id: str) -> None:
    """Give claimed attempts back to their queue: this worker will not run them."""
    statement = (
        sa.update(attempt)
        .where(A.id.in_(sorted(ids)), A.worker_id == worker_id, A.state == AttemptState.RUNNING)
        .values(state=AttemptState.QUEUED, worker_id=None, lease_until=None, queue_deadline=now)
        .returning(A.ti_id)
    )
    tasks = [ti_id for ti_id in session.execute(statement).scalars() if ti_id is not None]
    move_tasks(
        session, now, tasks, TaskState.QUEUED, leaving=[TaskState.RUNNING], actor=f"worker:{worker_id}"
    )


def overdue_queues(session: Session, now: datetime) -> set[str]:
    """Put off the deadline of attempts whose ticket seems lost; return the queues to ring again."""
    statement = (
        sa.update(attempt)
        .where(A.state == AttemptState.QUEUED, A.queue_deadline <= now)
        .values(queue_deadline=now + TICKET_IN)
        .returning(A.queue)
    )
    return set(session.execute(statement).scalars())


def waiting_queues(session: Session) -> set[str]:
    """Return the queues that hold queued attempts: after a restart their tickets go out again at once."""
    return set(session.execute(sa.select(A.queue).where(A.state == AttemptState.QUEUED).distinct()).scalars())


def set_rendered(session: Session, attempt_id: int, epoch: int, fields: Mapping[str, Any]) -> None:
    """Keep the rendered template fields of a running attempt for the page."""
    statement = sa.update(attempt).where(
        A.id == attempt_id, A.epoch == epoch, A.state == AttemptState.RUNNING
    )
    session.execute(statement.values(rendered=dict(fields)))


def set_started(session: Session, attempt_id: int, epoch: int, at: datetime) -> None:
    """Keep the instant at which user code began."""
    statement = sa.update(attempt).where(
        A.id == attempt_id, A.epoch == epoch, A.state == AttemptState.RUNNING
    )
    session.execute(statement.values(start_date=at))
