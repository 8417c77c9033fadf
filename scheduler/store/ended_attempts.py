"""Attempts that ended, taken once each to be summed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scheduler.core.cost import Amount, amount_of
from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import UNCOUNTED_ATTEMPT, attempt, dag_run, task_instance

A = attempt.c
_UNCOUNTED = (
    sa.select(A.id)
    .where(sa.text(UNCOUNTED_ATTEMPT))
    .order_by(A.id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
    .with_for_update(skip_locked=True)
    .cte("uncounted")
)
_COUNT = (
    sa.update(attempt)
    .where(A.id.in_(sa.select(_UNCOUNTED.c.id)), ~A.is_counted)
    .values(is_counted=True)
    .returning(A.id)
)
_ENDED = (
    sa.select(
        A.id, A.kind, A.state, dag_run.c.dag_id, sa.func.coalesce(task_instance.c.task_id, "").label("task_id"),
        A.scheduled_at, A.queued_at, A.claimed_at, A.start_date, A.end_date, A.cpu_s, A.peak_memory_bytes,
    )
    .join(dag_run, dag_run.c.id == A.run_pk)
    .outerjoin(task_instance, task_instance.c.id == A.ti_id)
    .where(one_of(A.id, "ids"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that ended, as far as it is summed up."""

    id: int
    kind: str
    state: str
    dag_id: str
    task_id: str
    scheduled_at: datetime | None
    queued_at: datetime
    claimed_at: datetime | None
    start_date: datetime | None
    end_date: datetime
    cpu_s: float | None
    peak_memory_bytes: int | None

    @property
    def is_task(self) -> bool:
        """Whether it is not a callback."""
        return self.kind == "task"

    @property
    def took(self) -> Amount:
        """What it took."""
        return amount_of(self.start_date, self.end_date, self.cpu_s, self.peak_memory_bytes)


def take_uncounted(session: Session, limit: int) -> list[Ended]:
    """Mark attempts that ended as counted, and return them in the order of their ids; at most `limit`.

    Rows that another transaction holds are left to it.
    """
    ids = sorted(session.execute(_COUNT, {"room": limit}).scalars())
    return [Ended(**row) for row in session.execute(_ENDED, {"ids": ids}).mappings()] if ids else []
