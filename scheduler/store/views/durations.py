"""How long things usually take: the median of the last good ones."""

from __future__ import annotations

from collections.abc import Collection
from statistics import median

from sqlalchemy import func, select

from scheduler.core.states import RunState
from scheduler.store.engine import Session
from scheduler.store.tables import dag_run

_SAMPLE = 15


def usual_durations(session: Session, dag_ids: Collection[str]) -> dict[str, float]:
    """Return the median duration, in seconds, of the last good runs of each DAG; none for one without any."""
    ranked = (
        select(
            dag_run.c.dag_id,
            dag_run.c.start_date,
            dag_run.c.end_date,
            func.row_number()
            .over(partition_by=dag_run.c.dag_id, order_by=dag_run.c.id.desc())
            .label("place"),
        )
        .where(
            dag_run.c.dag_id.in_(dag_ids),
            dag_run.c.state == RunState.SUCCESS,
            dag_run.c.start_date.is_not(None),
            dag_run.c.end_date.is_not(None),
        )
        .subquery()
    )
    found = session.execute(
        select(ranked.c.dag_id, ranked.c.start_date, ranked.c.end_date).where(ranked.c.place <= _SAMPLE)
    )
    seconds: dict[str, list[float]] = {}
    for dag_id, start, end in found:
        seconds.setdefault(dag_id, []).append((end - start).total_seconds())
    return {dag_id: median(values) for dag_id, values in seconds.items()}
