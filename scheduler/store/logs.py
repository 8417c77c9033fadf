"""Pieces of logs, sent by workers on other machines while the attempt runs, known by the position where they begin."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import attempt, dag_run, log_chunk, task_instance
from scheduler.store.upsert import insert_into

L = log_chunk.c


def put_chunks(session: Session, chunks: Sequence[tuple[int, int, bytes]]) -> None:
    """Store (attempt_id, start, data); one that is there already stays, so that sending again does no harm.

    Those of attempts that were deleted meanwhile are left out.
    """
    ids = {attempt_id for attempt_id, _, _ in chunks}
    known = set(session.scalars(sa.select(attempt.c.id).where(attempt.c.id.in_(ids)))) if ids else set()
    rows = [
        {"attempt_id": attempt_id, "start": start, "data": data}
        for attempt_id, start, data in chunks
        if attempt_id in known
    ]
    if rows:
        session.execute(insert_into(session, log_chunk).on_conflict_do_nothing(), rows)


def drop_chunks(session: Session, places: Sequence[tuple[int, int]]) -> None:
    """Delete the pieces at these (attempt_id, start)."""
    if places:
        which = (L.attempt_id == sa.bindparam("attempt"), L.start == sa.bindparam("begins"))
        rows = [{"attempt": attempt_id, "begins": start} for attempt_id, start in places]
        session.execute(sa.delete(log_chunk).where(*which), rows)


def delete_logs(session: Session, attempt_ids: Collection[int]) -> None:
    """Delete all pieces of these attempts."""
    session.execute(sa.delete(log_chunk).where(L.attempt_id.in_(sorted(attempt_ids))))


@dataclass(frozen=True, slots=True)
class LeftLog:
    """A log that is stored though its attempt has ended."""

    attempt_id: int
    dag_id: str
    run_id: str
    task_id: str
    path: str


def left_logs(session: Session, before: datetime, limit: int) -> list[LeftLog]:
    """Return logs of attempts that ended before an instant, among the oldest `limit`."""
    oldest = list(session.scalars(sa.select(L.attempt_id).distinct().order_by(L.attempt_id).limit(limit)))
    if not oldest:
        return []
    task = task_instance.c
    query = (
        sa.select(
            attempt.c.id,
            dag_run.c.dag_id,
            dag_run.c.run_id,
            sa.func.coalesce(task.task_id, ""),
            sa.func.coalesce(task.path, ""),
        )
        .join(dag_run, dag_run.c.id == attempt.c.run_pk)
        .outerjoin(task_instance, task.id == attempt.c.ti_id)
        .where(attempt.c.id.in_(oldest), attempt.c.end_date < before)
    )
    return [LeftLog(*row) for row in session.execute(query.order_by(attempt.c.id))]


def delete_old_logs(session: Session, before: datetime, limit: int) -> int:
    """Delete the logs of attempts that ended before an instant, among the oldest `limit`; return how many."""
    found = [left.attempt_id for left in left_logs(session, before, limit)]
    if found:
        delete_logs(session, found)
    return len(found)


def read_chunks(
    session: Session, attempt_id: int, *, offset: int = 0, limit: int = 64
) -> list[tuple[int, bytes]]:
    """Return (start, data) pieces in order, from the one on that holds `offset`."""
    begun = sa.select(sa.func.max(L.start)).where(L.attempt_id == attempt_id, L.start <= offset)
    query = sa.select(L.start, L.data).where(
        L.attempt_id == attempt_id,
        L.start >= sa.func.coalesce(begun.scalar_subquery(), 0),
        L.start + sa.func.length(L.data) > offset,
    )
    return [(start, data) for start, data in session.execute(query.order_by(L.start).limit(limit))]


def log_end(session: Session, attempt_id: int) -> int | None:
    """Return the position at which the stored log ends; None where nothing is stored."""
    query = sa.select(L.start + sa.func.length(L.data)).where(L.attempt_id == attempt_id)
    return session.scalar(query.order_by(L.start.desc()).limit(1))
