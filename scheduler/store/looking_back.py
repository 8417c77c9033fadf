"""What came before: the last run that ended well, and how often a task was put off."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa

from scheduler.core.dimensions import depth_of, upper
from scheduler.core.states import RunState, TaskState
from scheduler.store.engine import Session
from scheduler.store.tables import attempt, dag_run, event, task_instance

R, T, E = dag_run.c, task_instance.c, event.c


class Success(NamedTuple):
    """When a run that ended well was, by the names of Airflow's context."""

    data_interval_start: datetime | None
    data_interval_end: datetime | None
    start_date: datetime | None
    end_date: datetime | None


def last_success(session: Session, dag_id: str, before: datetime) -> Success | None:
    """Return the last run of a DAG whose logical date is earlier and that ended well."""
    query = (
        sa.select(R.data_interval_start, R.data_interval_end, R.start_date, R.end_date)
        .where(R.dag_id == dag_id, R.logical_date < before, R.state == RunState.SUCCESS)
        .order_by(R.logical_date.desc(), R.id.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else Success(*row)


def count_instances(session: Session, run_pk: int, task_id: str, path: str) -> int:
    """Count the instances of a task that share all indices but the last with this one."""
    beside = [T.run_pk == run_pk, T.task_id == task_id]
    if depth_of(path) > 1:
        beside.append(T.path.startswith(f"{upper(path, depth_of(path) - 1)}.", autoescape=True))
    return session.execute(sa.select(sa.func.count()).where(*beside)).scalar_one()


def count_reschedules(session: Session, attempt_id: int) -> int:
    """Count how often the task of an attempt was put off for a time since its last try ended, or since it began."""
    own = sa.select(attempt.c.run_pk, attempt.c.ti_id).where(attempt.c.id == attempt_id)
    run_pk, ti_id = session.execute(own).one()
    mine = [E.run_pk == run_pk, E.ti_id == ti_id, E.kind == "task.state"]
    began = sa.select(sa.func.max(E.id)).where(*mine, E.to_state.in_(_ENDS_OF_TRIES)).scalar_subquery()
    put_off = [E.to_state == TaskState.UP_FOR_RESCHEDULE, E.id > sa.func.coalesce(began, 0)]
    return session.execute(sa.select(sa.func.count()).where(*mine, *put_off)).scalar_one()


_ENDS_OF_TRIES: Final = (
    TaskState.NONE,
    TaskState.UP_FOR_RETRY,
    TaskState.SUCCESS,
    TaskState.FAILED,
    TaskState.SKIPPED,
)
