"""The states of another run's tasks, for sensors that wait for them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import dag_run, task_instance


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
