"""Which run the schedule of a DAG created last, here or where it comes from: what the next one is counted from."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from scheduler.core.states import RunType
from scheduler.core.timetables import Due
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.origins import load_origins
from scheduler.store.tables import dag_run

R = dag_run.c


def last_scheduled(session: Session, dag_ids: Collection[str]) -> dict[str, Due]:
    """Return the newest run that the schedule of each DAG created; a DAG without one is left out."""
    found = {each.dag_id: each.last for each in load_origins(session, dag_ids).values() if each.last}
    for batch in in_batches(sorted(dag_ids)):
        newest = (
            sa.select(R.dag_id, sa.func.max(R.logical_date).label("logical_date"))
            .where(R.dag_id.in_(batch), R.run_type == RunType.SCHEDULED)
            .group_by(R.dag_id)
            .subquery()
        )
        query = sa.select(
            R.dag_id, R.run_after, R.logical_date, R.data_interval_start, R.data_interval_end
        ).join(newest, sa.and_(R.dag_id == newest.c.dag_id, R.logical_date == newest.c.logical_date))
        for dag_id, run_at, logical_date, start, end in session.execute(
            query.where(R.run_type == RunType.SCHEDULED)
        ):
            here, there = Due(run_at, logical_date, start or logical_date, end or run_at), found.get(dag_id)
            found[dag_id] = here if there is None or here.run_at >= there.run_at else there
    return found
