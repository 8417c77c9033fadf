"""Pieces of logs, sent by workers on other machines while the attempt runs."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import log_chunk
from scheduler.store.upsert import insert_into

L = log_chunk.c


def put_chunks(session: Session, attempt_id: int, chunks: Sequence[tuple[int, bytes]]) -> None:
    """Store (seq, data) pieces; one that is there already stays, so that sending again does no harm."""
    rows = [{"attempt_id": attempt_id, "seq": seq, "data": data} for seq, data in chunks]
    if rows:
        session.execute(insert_into(session, log_chunk).on_conflict_do_nothing(), rows)


def read_chunks(
    session: Session, attempt_id: int, *, from_seq: int = 0, limit: int = 64
) -> list[tuple[int, bytes]]:
    """Return (seq, data) pieces in order, from `from_seq` on."""
    query = sa.select(L.seq, L.data).where(L.attempt_id == attempt_id, L.seq >= from_seq)
    return [(seq, data) for seq, data in session.execute(query.order_by(L.seq).limit(limit))]


def log_size(session: Session, attempt_id: int) -> int:
    """Return how many bytes of the log are stored."""
    query = sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(L.data)), 0))
    return int(session.scalar(query.where(L.attempt_id == attempt_id)) or 0)
