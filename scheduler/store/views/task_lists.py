"""Task instances as programs list them: of one run or of all, chosen and ordered by any of their columns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.ids import TaskKey
from scheduler.store.absent import no_run, no_task
from scheduler.store.choices import Choice, Columns, conditions, in_order
from scheduler.store.engine import Session
from scheduler.store.runs import find_run
from scheduler.store.spans import seconds_between
from scheduler.store.tables import dag, dag_run, dag_version, task_instance
from scheduler.store.views.run_lists import RUN_COLUMNS
from scheduler.store.views.runs import Task

T = task_instance.c
R = dag_run.c


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """A task instance, and what its run and DAG are called."""

    task: Task
    pool_slots: int
    run_pk: int
    dag_id: str
    run_id: str
    logical_date: datetime | None
    run_after: datetime
    version_id: int
    bundle_version: str | None
    version_number: int
    version_at: datetime
    dag_display_name: str


_TASK: Final = tuple(T[name] for name in Task.__slots__)
_ENTRY: Final = (
    *_TASK,
    T.pool_slots,
    T.run_pk,
    R.dag_id,
    R.run_id,
    R.logical_date,
    R.run_after,
    R.version_id,
    R.bundle_version,
    dag_version.c.number,
    dag_version.c.created_at,
    dag.c.display_name,
)
_OF_RUN: Final[Columns] = {
    **{name: RUN_COLUMNS[name] for name in ("dag_id", "run_id", "dag_run_id", "logical_date", "run_after")},
    **{name: RUN_COLUMNS[name] for name in ("data_interval_start", "data_interval_end")},
    "version_number": dag_version.c.number,
}
_COLUMNS: Final[Columns] = {
    **_OF_RUN,
    "id": T.id,
    "task_id": T.task_id,
    "task_display_name": T.task_id,
    "path": T.path,
    # Longer indices are larger ones.
    "map_index": sa.cast(100 + sa.func.length(T.path), sa.Text) + T.path,
    "state": T.state,
    "start_date": T.start_date,
    "end_date": T.end_date,
    "updated_at": sa.func.coalesce(T.end_date, T.start_date, T.queued_at, T.scheduled_at),
    "duration": seconds_between(T.start_date, T.end_date),
    "try_number": T.try_number,
    "pool": T.pool,
    "pool_name": T.pool,
    "queue": T.queue,
    "queue_name": T.queue,
    "operator": T.operator,
    "operator_name": T.operator,
    "executor": sa.literal(""),
    "rendered_map_index": T.rendered_map_index,
}


def list_tasks(session: Session, choice: Choice, *, limit: int | None, offset: int = 0) -> list[TaskEntry]:
    """Return one page of the task instances that are chosen; without a limit all."""
    page = _from(sa.select(*_ENTRY)).where(*conditions(_COLUMNS, choice))
    page = page.order_by(*in_order(_COLUMNS, choice, T.id)).limit(limit).offset(offset)
    return [_entry(row) for row in session.execute(page)]


def count_tasks(session: Session, choice: Choice) -> int:
    """Count the task instances that are chosen. A million are looked at: nothing is joined that is not asked for."""
    of: sa.FromClause = task_instance
    if choice.names & _OF_RUN.keys():
        of = of.join(dag_run, R.id == T.run_pk)
    if "version_number" in choice.names:
        of = of.join(dag_version, dag_version.c.id == R.version_id)
    found = sa.select(sa.func.count()).select_from(of).where(*conditions(_COLUMNS, choice))
    return session.scalar(found) or 0


def find_entry(session: Session, dag_id: str, run_id: str, key: TaskKey) -> TaskEntry:
    """Return one task instance. Raises NotFound."""
    of_run = _from(sa.select(*_ENTRY)).where(R.dag_id == dag_id, R.run_id == run_id)
    row = session.execute(of_run.where(T.task_id == key.task_id, T.path == key.path)).one_or_none()
    if row is None:
        run = find_run(session, dag_id, run_id)
        if run is None:
            raise no_run(session, dag_id, run_id)
        raise no_task(session, run.id, key.task_id, key.path)
    return _entry(row)


def list_keys(session: Session, dag_id: str, run_id: str, keys: Collection[TaskKey]) -> list[TaskEntry]:
    """Return these task instances of a run, in the order in which they are given."""
    chosen = Choice(
        among={"dag_id": [dag_id], "run_id": [run_id], "task_id": sorted({k.task_id for k in keys})}
    )
    found = {
        TaskKey(each.task.task_id, each.task.path): each for each in list_tasks(session, chosen, limit=None)
    }
    return [found[key] for key in keys if key in found]


def _entry(row: sa.Row[Any]) -> TaskEntry:
    values = list(row)
    task, rest = Task(*values[: len(_TASK)]), values[len(_TASK) :]
    rest[-1] = rest[-1] or row.dag_id
    return TaskEntry(task, *rest)


def _from(statement: sa.Select[Any]) -> sa.Select[Any]:
    of = task_instance.join(dag_run, R.id == T.run_pk).join(dag_version, dag_version.c.id == R.version_id)
    return statement.select_from(of.outerjoin(dag, dag.c.dag_id == R.dag_id))
