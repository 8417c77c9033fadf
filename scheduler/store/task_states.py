"""The states of other runs and their tasks, for sensors that wait for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import dag_run, task_instance
from scheduler.wire import DagSpec


def states_of_tasks(
    session: Session,
    dag_id: str,
    task_ids: Collection[str],
    *,
    run_id: str | None,
    logical_date: datetime | None,
) -> dict[str, str]:
    """Return the states of tasks (all where none are named) of a run found by its id, else its logical date.

    A mapped task has a key for each instance, `task_id[path]`. Empty where there is no such run.
    """
    query = sa.select(task_instance.c.task_id, task_instance.c.path, task_instance.c.state)
    query = query.join(dag_run, dag_run.c.id == task_instance.c.run_pk).where(dag_run.c.dag_id == dag_id)
    if task_ids:
        query = query.where(task_instance.c.task_id.in_(sorted(task_ids)))
    same_run = dag_run.c.run_id == run_id if run_id is not None else dag_run.c.logical_date == logical_date
    rows = session.execute(query.where(same_run))
    return {f"{task_id}[{path}]" if path else task_id: state for task_id, path, state in rows}


def states_of_runs(session: Session, dag_id: str, logical_date: datetime) -> dict[str, str]:
    """Return the states of the runs of a logical date, by run_id."""
    query = sa.select(dag_run.c.run_id, dag_run.c.state)
    rows = session.execute(query.where(dag_run.c.dag_id == dag_id, dag_run.c.logical_date == logical_date))
    return {row.run_id: row.state for row in rows}


def groups_by_task(spec: DagSpec) -> dict[str, list[str]]:
    """Return the tasks of a graph, each with the groups around it, the innermost first."""
    parents = {group.group_id: group.parent_id for group in spec.groups}
    return {task.task_id: list(_around(task.group_id, parents)) for task in spec.tasks}


def _around(group_id: str | None, parents: Mapping[str, str | None]) -> Iterator[str]:
    while group_id is not None:
        yield group_id
        group_id = parents.get(group_id)
