"""What was taken over of a DAG from another system, for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.origins import load_origins
from scheduler.store.tables import event

E = event.c


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Where a DAG stood there. `at` and `by`: when it was last taken over, None where that event is gone."""

    logical_date: datetime
    run_at: datetime
    schedule_meaning: str | None
    at: datetime | None
    by: str


def find_taken_over(session: Session, dag_id: str) -> TakenOver | None:
    """Return what was taken over of a DAG; None of one that comes from nowhere else."""
    origin = load_origins(session, [dag_id]).get(dag_id)
    if origin is None or origin.last is None:
        return None
    query = sa.select(E.at, E.actor).where(E.run_pk.is_(None), E.kind == "dag.taken_over", E.dag_id == dag_id)
    row = session.execute(query.order_by(E.at.desc()).limit(1)).first()
    at, by = row if row is not None else (None, "")
    return TakenOver(origin.last.logical_date, origin.last.run_at, origin.schedule_meaning, at, by)
