"""The runs that timetables of authors asked for, as they stand with their DAGs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from scheduler.core.timetables import Due
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.tables import dag

D = dag.c


def planned_runs(session: Session, dag_id: str) -> tuple[Due, ...]:
    """Return the runs that the DAG's own timetable asked for when it was last asked."""
    return planned_of(session.scalar(sa.select(D.planned).where(D.dag_id == dag_id)))


def planned_of(stored: Sequence[Sequence[str]] | None) -> tuple[Due, ...]:
    """Read a plan from its column."""
    return tuple(Due(*map(datetime.fromisoformat, each)) for each in stored or ())


def plan_as_stored(planned: Sequence[Due]) -> list[list[str]]:
    """Return what stands in the column."""
    return [
        [each.isoformat() for each in (due.run_at, due.logical_date, due.interval_start, due.interval_end)]
        for due in planned
    ]


def ask_for_plans(session: Session, now: datetime, dag_ids: Collection[str]) -> None:
    """Have the timetables of these DAGs asked at the next look at the DAG folder."""
    for batch in in_batches(sorted(dag_ids)):
        session.execute(sa.update(dag).where(D.dag_id.in_(batch)).values(replan_at=now))


def files_to_ask(session: Session, now: datetime) -> set[str]:
    """Return the files whose DAGs have a timetable that is to be asked again; paused DAGs wait."""
    query = sa.select(D.file).where(D.replan_at <= now, D.retired_at.is_(None), ~D.is_paused)
    return set(session.scalars(query))
