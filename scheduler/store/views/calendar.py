"""The runs of a DAG by day, and how long the last ones took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from scheduler.store.days import Stretches, day_of
from scheduler.store.engine import Session
from scheduler.store.tables import dag_run, task_instance

#: The instant under which a run stands in a calendar.
AT: ColumnElement[datetime] = func.coalesce(dag_run.c.logical_date, dag_run.c.run_after)


@dataclass(frozen=True, slots=True)
class Timing:
    """A run, or a task in it: when it was due, began and ended."""

    run_id: str
    state: str
    due_at: datetime
    start_date: datetime | None
    end_date: datetime | None


def is_due(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Tell whether a run stands in a calendar between two instants; the index on `logical_date` finds both kinds."""
    run = dag_run.c
    of_schedule = and_(since <= run.logical_date, until > run.logical_date)
    return or_(of_schedule, and_(run.logical_date.is_(None), since <= run.run_after, until > run.run_after))


def count_by_day(
    session: Session, dag_id: str, since: datetime, stretches: Stretches
) -> dict[date, dict[str, int]]:
    """Return how many runs of a day are in which state, from an instant to the end of the last stretch.

    Days are those of a clock that is as far from UTC as each stretch says; those without any run are left out.
    """
    day = day_of(AT, stretches)
    counted = (
        select(day.label("day"), dag_run.c.state)
        .where(dag_run.c.dag_id == dag_id, is_due(since, stretches[-1][0]))
        .subquery()
    )
    statement = select(counted.c.day, counted.c.state, func.count()).group_by(counted.c.day, counted.c.state)
    found: dict[date, dict[str, int]] = {}
    for text, state, count in session.execute(statement):
        found.setdefault(date.fromisoformat(text), {})[state] = int(count)
    return found


def list_run_timings(session: Session, dag_id: str, limit: int) -> list[Timing]:
    """Return the last runs of a DAG, oldest first."""
    run = dag_run.c
    columns = (run.run_id, run.state, AT, run.start_date, run.end_date)
    newest = select(*columns).where(run.dag_id == dag_id).order_by(run.id.desc()).limit(limit)
    return [Timing(*row) for row in reversed(session.execute(newest).all())]


def list_task_timings(session: Session, dag_id: str, task_id: str, limit: int) -> list[Timing]:
    """Return a task in the last runs of a DAG, oldest first; of a mapped one from its first start to its last end."""
    last = select(dag_run.c.id).where(dag_run.c.dag_id == dag_id).order_by(dag_run.c.id.desc()).limit(limit)
    ti = task_instance.c
    times = (func.min(ti.start_date), func.max(ti.end_date))
    statement = (
        select(dag_run.c.run_id, func.min(ti.state), func.min(AT), *times)
        .join(task_instance, ti.run_pk == dag_run.c.id)
        .where(dag_run.c.id.in_(last), ti.task_id == task_id)
        .group_by(dag_run.c.id, dag_run.c.run_id)
        .order_by(dag_run.c.id)
    )
    return [Timing(*row) for row in session.execute(statement)]
