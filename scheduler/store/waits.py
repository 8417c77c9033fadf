"""What deferred tasks wait for: who watches it, and how they go on.

A wait has no lease of its own: it is watched by the worker that it names as long as that one lives. So ten thousand
waits cost no write a heartbeat. It counts only while its task is deferred; whoever cancels, marks or clears the task
need not know of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.states import TaskState
from scheduler.failpoints import Edge
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.instants import db_now
from scheduler.store.lists import one_of
from scheduler.store.runs import lock_runs
from scheduler.store.tables import dag_run, task_instance, wait, worker
from scheduler.store.tasks import TaskRow, move_tasks
from scheduler.store.transaction import at_edge, request_wake
from scheduler.wire import Data, Deferral

W = wait.c
T = task_instance.c
R = dag_run.c

_LIVES: Final = sa.and_(worker.c.stopped_at.is_(None), worker.c.lease_until > db_now())
#: Lines of a trigger that are kept for people.
MOST_LINES: Final = 100


@dataclass(frozen=True, slots=True)
class NewWait:
    """A task that has just been deferred."""

    run_pk: int
    ti_id: int
    deferral: Deferral
    words: str
    secrets: tuple[str, ...] = ()  #: that stand in the deferral


@dataclass(frozen=True, slots=True)
class WaitRow:
    """A wait as who watches it needs it."""

    id: int
    run_pk: int
    trigger: str
    kwargs: Data
    secrets: list[str] | None
    timeout_at: datetime | None
    task_id: str
    dag_id: str
    run_id: str
    version_id: int
    snapshot_id: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a wait ended: what its task goes on with."""

    id: int
    run_pk: int
    resume: Data


@dataclass(frozen=True, slots=True)
class Shown:
    """A wait as people see it."""

    words: str
    since: datetime
    timeout_at: datetime | None
    hostname: str | None  #: of the live worker that watches it
    said: tuple[str, ...]


def put_waits(session: Session, now: datetime, waits: Sequence[NewWait]) -> None:
    """Keep what tasks wait for that have just been deferred, in place of earlier waits of theirs."""
    if not waits:
        return
    session.execute(sa.delete(wait).where(one_of(W.ti_id, "ids")), {"ids": [each.ti_id for each in waits]})
    session.execute(sa.insert(wait), [_values(each, now) for each in waits])


def _values(new: NewWait, now: datetime) -> dict[str, Any]:
    asked = new.deferral
    return {
        "run_pk": new.run_pk,
        "ti_id": new.ti_id,
        "trigger": asked.trigger,
        "kwargs": asked.kwargs,
        "method": asked.method,
        "next_kwargs": asked.next_kwargs,
        "secrets": list(new.secrets) or None,
        "words": new.words,
        "since": now,
        "timeout_s": asked.timeout_s,
        "timeout_at": None if asked.timeout_s is None else now + timedelta(seconds=asked.timeout_s),
    }


_UNWATCHED = (
    sa.select(
        W.id, W.run_pk, W.trigger, W.kwargs, W.secrets, W.timeout_at, T.task_id, R.dag_id, R.run_id, R.version_id,
        R.snapshot_id, T.state,
    )
    .join(task_instance, T.id == W.ti_id)
    .join(dag_run, R.id == W.run_pk)
    .where(W.worker_id.is_(None), one_of(T.queue, "queues"))
    .order_by(W.id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
    .with_for_update(of=wait, skip_locked=True)
)  # fmt: skip

_SOME_UNWATCHED = (
    sa.select(W.id)
    .join(task_instance, T.id == W.ti_id)
    .where(W.worker_id.is_(None), one_of(T.queue, "queues"))
    .limit(1)
)


def has_unwatched(session: Session, queues: Collection[str]) -> bool:
    """Tell whether nobody watches some wait of these queues."""
    return session.execute(_SOME_UNWATCHED, {"queues": sorted(queues)}).first() is not None


def claim_waits(session: Session, *, worker_id: str, queues: Collection[str], limit: int) -> list[WaitRow]:
    """Have a worker watch the oldest waits of its queues that nobody does, at most `limit`; return them.

    Those that another worker is taking are passed over; those of tasks that are deferred no longer are deleted.
    """
    found = session.execute(_UNWATCHED, {"queues": sorted(queues), "room": limit}).all()
    taken = [WaitRow(*row[:-1]) for row in found if row[-1] == TaskState.DEFERRED]
    delete_waits(session, [row.id for row in found if row[-1] != TaskState.DEFERRED])
    if taken:
        mine = sa.update(wait).where(one_of(W.id, "ids")).values(worker_id=worker_id)
        session.execute(mine, {"ids": [each.id for each in taken]})
        at_edge(session, Edge.WATCHED)
    return taken


def delete_waits(session: Session, ids: Collection[int]) -> None:
    """Forget waits."""
    if ids:
        session.execute(sa.delete(wait).where(one_of(W.id, "ids")), {"ids": sorted(ids)})


def release_waits(session: Session, worker_ids: Collection[str]) -> int:
    """Let others watch what these workers did; return how many waits that were."""
    statement = sa.update(wait).where(W.worker_id.in_(sorted(worker_ids))).values(worker_id=None)
    return session.execute(statement).rowcount if worker_ids else 0


def free_waits(session: Session, worker_id: str, ids: Collection[int]) -> None:
    """Let some waits of a worker be watched anew."""
    if ids:
        statement = sa.update(wait).where(one_of(W.id, "ids"), W.worker_id == worker_id)
        session.execute(statement.values(worker_id=None), {"ids": sorted(ids)})


def gone_watchers(session: Session) -> set[str]:
    """Return the workers that waits name and that do not live any more, by the database's clock."""
    named = set(session.execute(sa.select(W.worker_id).where(W.worker_id.is_not(None)).distinct()).scalars())
    if not named:
        return set()
    live = sa.select(worker.c.id).where(_LIVES)
    return named - set(session.execute(live).scalars())


def watched(session: Session, worker_id: str) -> dict[int, bool]:
    """Return the waits that a worker watches, and whether their tasks are still deferred."""
    query = sa.select(W.id, T.state).join(task_instance, T.id == W.ti_id).where(W.worker_id == worker_id)
    return {wait_id: state == TaskState.DEFERRED for wait_id, state in session.execute(query)}


_GOING_ON = (
    sa.select(W.id, W.ti_id, W.method, W.next_kwargs, W.secrets, W.words, W.since, W.timeout_s, W.said)
    .join(task_instance, T.id == W.ti_id)
    .where(one_of(W.id, "ids"), W.worker_id == sa.bindparam("watcher"), T.state == TaskState.DEFERRED)
)
_RESUME = (
    sa.update(task_instance)
    .where(T.id == sa.bindparam("b_id"))
    .values(resume=sa.bindparam("b_resume", type_=T.resume.type))
)


def resume_tasks(session: Session, now: datetime, worker_id: str, ended: Sequence[Ended]) -> list[TaskRow]:
    """Let tasks go on whose waits ended, in a new attempt; return them.

    Locks their runs. A wait that its worker watches no longer, or whose task was cancelled, marked or cleared, moves
    nothing.
    """
    lock_runs(session, {each.run_pk for each in ended})
    found = session.execute(_GOING_ON, {"ids": [each.id for each in ended], "watcher": worker_id}).all()
    resumes = {each.id: each.resume for each in ended}
    moved = move_tasks(
        session,
        now,
        [row.ti_id for row in found],
        TaskState.SCHEDULED,
        leaving=[TaskState.DEFERRED],
        values={"scheduled_at": now, "reason": ""},
        actor="waiter",
        reasons={row.ti_id: f"no longer {row.words}" for row in found},
    )
    if found:
        session.execute(
            _RESUME, [{"b_id": row.ti_id, "b_resume": _resume(row, resumes[row.id])} for row in found]
        )
    delete_waits(session, [row.id for row in found])
    at_edge(session, Edge.RESUMED)
    request_wake(session)
    return moved


def _resume(
    row: Any,  # noqa: ANN401 - a row of _GOING_ON
    how: Data,
) -> Data:
    facts = {
        "method": row.method,
        "kwargs": row.next_kwargs,
        "waited": row.words.replace("waits for", "waited for", 1),
        "since": row.since.isoformat(),
        "timeout_s": row.timeout_s,
        "said": row.said or [],
    }
    return {**facts, **how, "secrets": [*(row.secrets or ()), *how.get("secrets", ())]}


def forget_resumes(session: Session, ti_ids: Collection[int]) -> None:
    """Let the next attempts of tasks begin anew: those after their waits have ended by themselves."""
    if ti_ids:
        statement = sa.update(task_instance).where(T.id.in_(sorted(ti_ids)))
        session.execute(statement.values(resume=sa.null()))


def note_said(session: Session, said: Mapping[int, Sequence[str]]) -> None:
    """Keep the lines that triggers logged, the newest of each."""
    if not said:
        return
    before: dict[int, list[str]] = {}
    for ids in in_batches(sorted(said)):
        rows = session.execute(sa.select(W.id, W.said).where(W.id.in_(ids)))
        before |= {row.id: row.said or [] for row in rows}
    statement = sa.update(wait).where(W.id == sa.bindparam("b_id"))
    statement = statement.values(said=sa.bindparam("b_said", type_=W.said.type))
    kept = [
        {"b_id": wait_id, "b_said": [*lines, *said[wait_id]][-MOST_LINES:]}
        for wait_id, lines in before.items()
    ]
    if kept:
        session.execute(statement, kept)


def shown_wait(session: Session, ti_id: int) -> Shown | None:
    """Return what a deferred task waits for."""
    query = sa.select(W.words, W.since, W.timeout_at, worker.c.hostname, W.said).where(W.ti_id == ti_id)
    watcher = sa.and_(worker.c.id == W.worker_id, _LIVES)
    row = session.execute(query.outerjoin(worker, watcher)).one_or_none()
    return None if row is None else Shown(*row[:4], said=tuple(row[4] or ()))
