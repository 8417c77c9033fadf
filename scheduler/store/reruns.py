"""What a rerun writes besides states: the run's code, the settings of its tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.states import TaskState
from scheduler.store.engine import Session
from scheduler.store.tables import dag_run, task_instance
from scheduler.store.tasks import TaskRow, move_tasks
from scheduler.wire import Data

R = dag_run.c
T = task_instance.c

#: What a task is that has not begun.
_AFRESH: Final = {
    "losses": 0,
    "scheduled_at": None,
    "queued_at": None,
    "start_date": None,
    "end_date": None,
    "retry_at": None,
    "waiting_since": None,
    "hostname": "",
    "reason": "",
    "resume": sa.null(),
}


def clear_tasks(
    session: Session, now: datetime, ids: Collection[int], *, retries: int, actor: str
) -> list[TaskRow]:
    """Move tasks to `none`, with `retries` tries more than the next one; return those that moved.

    try_number goes on counting, so that the attempts so far keep theirs.
    """
    reasons = dict.fromkeys(ids, "cleared")
    moved = move_tasks(session, now, ids, TaskState.NONE, values=_AFRESH, actor=actor, reasons=reasons)
    statement = sa.update(task_instance).where(T.id.in_([row.id for row in moved]))
    session.execute(statement.values(max_tries=T.try_number + 1 + retries))
    return moved


def load_conf(session: Session, run_pk: int) -> Data:
    """Return what the run was triggered with."""
    conf: Data = session.scalars(sa.select(R.conf).where(R.id == run_pk)).one()
    return conf


def pin_run(
    session: Session,
    run_pk: int,
    *,
    version_id: int,
    snapshot_id: int,
    bundle_version: str | None,
    params: Data,
    max_active_tasks: int,
) -> None:
    """Let a run go on with another version of its code."""
    statement = sa.update(dag_run).where(R.id == run_pk)
    session.execute(
        statement.values(
            version_id=version_id,
            snapshot_id=snapshot_id,
            bundle_version=bundle_version,
            params=params,
            max_active_tasks=max_active_tasks,
        )
    )


def renew_settings(session: Session, run_pk: int, settings: Sequence[Mapping[str, Any]]) -> None:
    """Give tasks of a run the queue, pool, slots, priority and operator of another version, by `task_id`."""
    names = ("queue", "pool", "pool_slots", "priority", "operator")
    statement = (
        sa.update(task_instance)
        .where(T.run_pk == run_pk, T.task_id == sa.bindparam("b_task_id"))
        .values({name: sa.bindparam(f"b_{name}") for name in names})
    )
    if settings:
        rows = [{f"b_{name}": each[name] for name in ("task_id", *names)} for each in settings]
        session.execute(statement, rows)


def judge_anew(session: Session, run_pk: int) -> None:
    """Have the planner look at every task of a run that has not begun; the caller flags the run."""
    statement = sa.update(task_instance).where(T.run_pk == run_pk, T.state == TaskState.NONE)
    session.execute(statement.values(changed=True))
