"""Attempts that were cut short: how many, and callbacks that run again after one."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from scheduler.core.states import AttemptState
from scheduler.store.engine import Session
from scheduler.store.tables import attempt
from scheduler.store.tickets import TICKET_IN

A = attempt.c
_COPIED = ("run_pk", "ti_id", "kind", "try_number", "queue", "priority", "payload")


def count_cut_short(session: Session, attempt_id: int) -> int:
    """Return how many attempts at the same thing were lost: of the task, or of this callback for the same try."""
    this = attempt.alias("this").c
    query = sa.select(sa.func.count()).where(
        this.id == attempt_id,
        A.run_pk == this.run_pk,
        A.kind == this.kind,
        A.ti_id.is_not_distinct_from(this.ti_id),
        sa.or_(A.kind == "task", A.try_number == this.try_number),
        A.state == AttemptState.LOST,
    )
    return int(session.execute(query).scalar_one())


def queue_again(session: Session, now: datetime, attempt_id: int) -> None:
    """Queue a callback once more, as an attempt of its own."""
    values = {
        "state": sa.literal(AttemptState.QUEUED.value),
        "epoch": sa.literal(0),
        "queued_at": sa.literal(now, A.queued_at.type),
        "queue_deadline": sa.literal(now + TICKET_IN, A.queued_at.type),
        "hostname": sa.literal(""),
        "reason": sa.literal(""),
        "is_counted": sa.false(),
    }
    again = sa.select(*(A[name] for name in _COPIED), *values.values()).where(A.id == attempt_id)
    session.execute(sa.insert(attempt).from_select([*_COPIED, *values], again, include_defaults=False))
