"""Delete a DAG with its history, in parts that are short enough for others to get in between."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.core.states import AttemptState
from scheduler.store.alerts import forget_dag
from scheduler.store.asset_events import drop_queue
from scheduler.store.engine import Session
from scheduler.store.history import delete_rows
from scheduler.store.tables import attempt, backfill, dag, dag_run, dag_version

R = dag_run.c


def delete_oldest_runs(session: Session, dag_id: str, limit: int, room: int) -> int | None:
    """Delete about `room` rows of what belongs to the oldest runs of a DAG; return how many runs are gone by that.

    None where the DAG has no runs any more.
    """
    oldest = sa.select(R.id).where(R.dag_id == dag_id).order_by(R.id).limit(limit).with_for_update()
    run_pks = list(session.scalars(oldest))
    if not run_pks:
        return None
    return len(run_pks) if delete_rows(session, run_pks, room) else 0


def delete_dag_row(session: Session, dag_id: str) -> None:
    """Delete a DAG, its tags, backfills and versions. Its runs must be gone; events about the DAG stay.

    The newest version of all stays until there is a newer one: SQLite would give its id again, and processes
    remember which graph stands under an id.
    """
    session.execute(sa.delete(dag).where(dag.c.dag_id == dag_id))
    session.execute(sa.delete(backfill).where(backfill.c.dag_id == dag_id))
    drop_queue(session, dag_id)
    forget_dag(session, dag_id)
    newest = sa.select(sa.func.max(dag_version.c.id)).scalar_subquery()
    without_dag = dag_version.c.dag_id.not_in(sa.select(dag.c.dag_id))
    session.execute(sa.delete(dag_version).where(without_dag, dag_version.c.id < newest))


def count_running_attempts(session: Session, dag_id: str) -> int:
    """Return how many attempts of a DAG's runs run on some worker, of runs that have ended too."""
    query = sa.select(sa.func.count()).select_from(attempt).join(dag_run, R.id == attempt.c.run_pk)
    query = query.where(R.dag_id == dag_id, attempt.c.state == AttemptState.RUNNING)
    return session.scalar(query) or 0
