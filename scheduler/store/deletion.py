"""Delete a DAG with its history, in parts that are short enough for others to get in between."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import dag, dag_run, dag_version, event

R = dag_run.c


def delete_oldest_runs(session: Session, dag_id: str, limit: int) -> int:
    """Delete at most `limit` runs of a DAG with all that belongs to them; return how many."""
    oldest = sa.select(R.id).where(R.dag_id == dag_id).order_by(R.id).limit(limit).with_for_update()
    run_pks = list(session.scalars(oldest))
    if run_pks:
        session.execute(sa.delete(event).where(event.c.run_pk.in_(run_pks)))
        session.execute(sa.delete(dag_run).where(R.id.in_(run_pks)))
    return len(run_pks)


def delete_dag_row(session: Session, dag_id: str) -> None:
    """Delete a DAG, its tags and its versions. Its runs must be gone; events about the DAG stay."""
    session.execute(sa.delete(dag).where(dag.c.dag_id == dag_id))
    session.execute(sa.delete(dag_version).where(dag_version.c.dag_id == dag_id))
