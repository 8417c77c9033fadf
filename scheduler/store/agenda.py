"""When time alone next asks for something to be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.core.states import AttemptState
from scheduler.store.engine import Session
from scheduler.store.tables import attempt, dag, dag_run

D = dag.c


@dataclass(frozen=True, slots=True)
class SourceRef:
    """A DAG file in a snapshot."""

    snapshot_id: int
    file: str


def sources_in_demand(session: Session, since: datetime, until: datetime, limit: int) -> list[SourceRef]:
    """Return files whose code is likely to be asked for: DAGs read in after `since`, or due before `until`.

    Paused and retired DAGs are left out; what is due comes first.
    """
    wanted = sa.or_(D.last_parsed_at > since, D.next_run_at < until)
    query = (
        sa.select(D.snapshot_id, D.file)
        .where(D.retired_at.is_(None), ~D.is_paused, wanted)
        .order_by(D.next_run_at.is_(None), D.next_run_at, D.dag_id)
        .limit(limit)
    )
    return list(dict.fromkeys(SourceRef(*row) for row in session.execute(query)))


def _soonest(column: sa.Column[datetime], *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return sa.select(sa.func.min(column)).where(column.is_not(None), *where).scalar_subquery()


# Each is the first entry of a partial index.
_NEXT = sa.select(
    _soonest(dag_run.c.wake_at),
    _soonest(dag_run.c.timeout_at),
    _soonest(dag.c.next_run_at, dag.c.retired_at.is_(None), ~dag.c.is_paused),
    _soonest(attempt.c.queue_deadline, attempt.c.state == AttemptState.QUEUED),
    _soonest(attempt.c.lease_until, attempt.c.state == AttemptState.RUNNING),
)


def next_instant(session: Session) -> datetime | None:
    """Return the earliest retry, time-out, scheduled run, overdue ticket or end of a lease, or None."""
    return min((each for each in session.execute(_NEXT).one() if each is not None), default=None)
