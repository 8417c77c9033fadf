"""Find by a few letters: DAGs, runs, tasks; and what failed last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal_column, select

from scheduler.core.states import TaskState
from scheduler.store.engine import Session
from scheduler.store.tables import dag, dag_run, task_instance

#: Runs that are searched: typing must stay fast at a million of them.
_RECENT = 5000
#: Runs whose tasks are searched: one may have thousands.
_RUNS_OF_TASKS = 50


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
    columns = (dag_run.c[name] for name in ("id", *FoundRun.__slots__))
    # A table of its own: PostgreSQL would search all runs for the text, and then look which are new.
    newest = select(*columns).order_by(dag_run.c.id.desc()).limit(_RECENT).subquery("newest")
    names = func.lower(newest.c.dag_id + " " + newest.c.run_id)
    found = session.execute(
        select(*(newest.c[name] for name in FoundRun.__slots__))
        .where(names.contains(text.lower(), autoescape=True))
        .order_by(newest.c.id.desc())
        .limit(limit)
    )
    return [FoundRun(*row) for row in found]


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A task, and the newest run that has it."""

    dag_id: str
    run_id: str
    task_id: str


def find_tasks(session: Session, text: str, limit: int, dag_id: str = "") -> list[FoundTask]:
    """Return tasks of the newest runs of which the name holds the text; those of one DAG first."""
    found = _tasks_of(session, text, limit, dag_run.c.dag_id == dag_id) if dag_id else []
    left = limit - len(found)
    return found + (_tasks_of(session, text, left, dag_run.c.dag_id != dag_id) if left else [])


def _tasks_of(session: Session, text: str, limit: int, are_meant: ColumnElement[bool]) -> list[FoundTask]:
    newest = select(dag_run.c.id).where(are_meant).order_by(dag_run.c.id.desc()).limit(_RUNS_OF_TASKS)
    name = task_instance.c.task_id
    groups = (
        select(dag_run.c.dag_id, name.label("task_id"), func.max(dag_run.c.id).label("run_pk"))
        .join(task_instance, task_instance.c.run_pk == dag_run.c.id)
        .where(dag_run.c.id.in_(newest), func.lower(name).contains(text.lower(), autoescape=True))
        .group_by(dag_run.c.dag_id, name)
        .order_by(func.length(name), name, dag_run.c.dag_id)
        .limit(limit)
        .subquery()
    )
    run = dag_run.alias("newest_run")
    statement = select(groups.c.dag_id, run.c.run_id, groups.c.task_id).join(run, run.c.id == groups.c.run_pk)
    order = (func.length(groups.c.task_id), groups.c.task_id, groups.c.dag_id)
    return [FoundTask(*row) for row in session.execute(statement.order_by(*order))]


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that failed, and the task that did last; no task: the run failed by itself."""

    run_id: str
    task_id: str
    path: str


def find_last_failure(session: Session, dag_id: str) -> Failure | None:
    """Return the newest failed run of a DAG; None where none failed."""
    failed = (dag_run.c.dag_id == dag_id, dag_run.c.state == literal_column("'failed'"))
    run = session.execute(
        select(dag_run.c.id, dag_run.c.run_id).where(*failed).order_by(dag_run.c.id.desc()).limit(1)
    ).first()
    if run is None:
        return None
    ti = task_instance.c
    last = session.execute(
        select(ti.task_id, ti.path)
        .where(ti.run_pk == run.id, ti.state == TaskState.FAILED)
        .order_by(ti.end_date.desc(), ti.id.desc())
        .limit(1)
    ).first()
    return Failure(run.run_id, *(last or ("", "")))


def is_paused(session: Session, dag_id: str) -> bool | None:
    """Tell whether a DAG is paused; None where there is none in force by that name."""
    return session.scalar(select(dag.c.is_paused).where(dag.c.dag_id == dag_id, dag.c.retired_at.is_(None)))
