"""Find by a few letters: DAGs and runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from scheduler.store.engine import Session
from scheduler.store.tables import dag, dag_run

#: Runs that are searched: typing must stay fast at a million of them.
_RECENT = 5000


def find_dag_ids(session: Session, text: str, limit: int) -> list[str]:
    """Return the DAGs in force whose name holds the text, whatever its case."""
    found = session.scalars(
        select(dag.c.dag_id)
        .where(dag.c.retired_at.is_(None), func.lower(dag.c.dag_id).contains(text.lower(), autoescape=True))
        .order_by(func.length(dag.c.dag_id), dag.c.dag_id)
        .limit(limit)
    )
    return list(found)


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run, as far as a line about it goes."""

    dag_id: str
    run_id: str
    state: str
    logical_date: datetime | None
    run_after: datetime


def find_runs(session: Session, text: str, limit: int) -> list[FoundRun]:
    """Return the newest runs of which the name, or that of the DAG, holds the text."""
    newest = select(dag_run.c.id).order_by(dag_run.c.id.desc()).limit(_RECENT)
    names = func.lower(dag_run.c.dag_id + " " + dag_run.c.run_id)
    found = session.execute(
        select(*(dag_run.c[name] for name in FoundRun.__slots__))
        .where(dag_run.c.id.in_(newest), names.contains(text.lower(), autoescape=True))
        .order_by(dag_run.c.id.desc())
        .limit(limit)
    )
    return [FoundRun(*row) for row in found]
