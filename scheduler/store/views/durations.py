"""How long things usually take."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from statistics import median
from typing import Final

from sqlalchemy import ColumnElement, func, select

from scheduler.core.spans import DAY
from scheduler.core.states import RunState
from scheduler.store.engine import Session
from scheduler.store.tables import dag, dag_run, task_tally

#: Good runs whose median is taken.
SAMPLE: Final = 15
#: They are looked for among so many runs.
LOOKED_AT: Final = 60


def newest_from(count: int) -> ColumnElement[int]:
    """Return the id from which on the newest `count` runs of a DAG lie, of the `dag` that the statement reads.

    Ranked by a window function, all runs that the DAG ever had would be read.
    """
    newer = dag_run.alias("newer")
    ids = select(newer.c.id).where(newer.c.dag_id == dag.c.dag_id).order_by(newer.c.id.desc())
    return func.coalesce(ids.limit(1).offset(count - 1).scalar_subquery(), 0)


def usual_durations(session: Session, dag_ids: Collection[str]) -> dict[str, float]:
    """Return the median duration, in seconds, of the last good runs of each DAG; none for one without any."""
    found = session.execute(
        select(dag_run.c.dag_id, dag_run.c.start_date, dag_run.c.end_date)
        .join(dag, dag.c.dag_id == dag_run.c.dag_id)
        .where(
            dag.c.dag_id.in_(dag_ids),
            dag_run.c.id >= newest_from(LOOKED_AT),
            dag_run.c.state == RunState.SUCCESS,
            dag_run.c.start_date.is_not(None),
            dag_run.c.end_date.is_not(None),
        )
        .order_by(dag_run.c.id.desc())
    )
    seconds: dict[str, list[float]] = {}
    for dag_id, start, end in found:
        seconds.setdefault(dag_id, []).append((end - start).total_seconds())
    return {dag_id: median(values[:SAMPLE]) for dag_id, values in seconds.items()}


def mean_task_durations(session: Session, since: datetime) -> dict[tuple[str, str], float]:
    """Return how many seconds an attempt of each task took on average since a day, by dag_id and task_id."""
    t = task_tally.c
    found = session.execute(
        select(t.dag_id, t.task_id, func.sum(t.run_ms), func.sum(t.ended))
        .where(t.width_s == DAY, t.start_at >= since)
        .group_by(t.dag_id, t.task_id)
    )
    return {
        (dag_id, task_id): int(run_ms) / 1000 / int(ended)
        for dag_id, task_id, run_ms, ended in found
        if ended
    }
