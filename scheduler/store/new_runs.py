"""Runs as they are created: with all their task instances, many in one statement each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.states import RunState, RunType, TaskState
from scheduler.failpoints import Edge
from scheduler.store.deadlines import columns_for
from scheduler.store.engine import Session
from scheduler.store.events import append
from scheduler.store.runs import event_of
from scheduler.store.tables import dag_run
from scheduler.store.tasks import insert_tasks
from scheduler.store.transaction import at_edge, request_wake
from scheduler.store.upsert import insert_for

R = dag_run.c


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a run is made of; `trigger_key` is what makes it unique besides its run_id."""

    dag_id: str
    run_id: str
    trigger_key: str
    run_type: RunType
    version_id: int
    snapshot_id: int
    run_after: datetime
    logical_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    conf: Mapping[str, Any]
    params: Mapping[str, Any]
    triggered_by: str = ""
    note: str = ""
    bundle_version: str | None = None
    partition_key: str | None = None
    partition_date: datetime | None = None
    backfill_id: int | None = None


@cache
def _insert(dialect: str) -> sa.Insert:
    return insert_for(dialect, dag_run).on_conflict_do_nothing().returning(R.id, R.dag_id, R.run_id)


def create_run(session: Session, now: datetime, new: NewRun, graph: TaskGraph) -> int | None:
    """Insert a queued run and all its task instances; return its key, or None where the run exists already.

    The unique constraints on run_id and trigger_key decide who was first.
    """
    return create_runs(session, now, [(new, graph)])[0]


def create_runs(
    session: Session, now: datetime, wanted: Sequence[tuple[NewRun, TaskGraph]]
) -> list[int | None]:
    """Insert many as `create_run` does: all runs in one statement, and all their tasks in another."""
    if not wanted:
        return []
    values = [
        _values(now, new, graph) | columns_for(session, now, graph.spec, new.logical_date)
        for new, graph in wanted
    ]
    rows = session.execute(_insert(session.dialect.name), values)
    keys = {(dag_id, run_id): run_pk for run_pk, dag_id, run_id in rows}
    created = [
        (keys[new.dag_id, new.run_id], new, graph)
        for new, graph in wanted
        if (new.dag_id, new.run_id) in keys
    ]
    if created:
        _follow_up(session, now, created)
    return [keys.get((new.dag_id, new.run_id)) for new, _ in wanted]


def _follow_up(session: Session, now: datetime, created: Sequence[tuple[int, NewRun, TaskGraph]]) -> None:
    rows = [
        row for run_pk, _, graph in created for name in graph.order for row in task_rows(graph, run_pk, name)
    ]
    insert_tasks(session, rows)
    append(
        session,
        [
            event_of(now, run_pk, new.dag_id, None, RunState.QUEUED, new.triggered_by, new.run_type)
            for run_pk, new, _ in created
        ],
    )
    request_wake(session)
    at_edge(session, Edge.RUN_CREATED)


def _values(now: datetime, new: NewRun, graph: TaskGraph) -> dict[str, Any]:
    return {
        "dag_id": new.dag_id,
        "run_id": new.run_id,
        "trigger_key": new.trigger_key,
        "run_type": new.run_type,
        "state": RunState.QUEUED,
        "version_id": new.version_id,
        "snapshot_id": new.snapshot_id,
        "bundle_version": new.bundle_version,
        "partition_key": new.partition_key,
        "partition_date": new.partition_date,
        "backfill_id": new.backfill_id,
        "logical_date": new.logical_date,
        "data_interval_start": new.data_interval_start,
        "data_interval_end": new.data_interval_end,
        "run_after": new.run_after,
        "conf": dict(new.conf),
        "params": dict(new.params),
        "max_active_tasks": graph.spec.max_active_tasks,
        "queued_at": now,
        "triggered_by": new.triggered_by,
        "note": new.note,
        "needs_planning": True,
    }


def task_rows(graph: TaskGraph, run_pk: int, task_id: str) -> list[dict[str, Any]]:
    """Return the rows of a task that has not started: one; of a mapped task as many as its file alone tells."""
    values = task_values(graph, run_pk, task_id)
    if not graph.is_mapped:
        return [values]
    return [
        values
        | {"path": path, "changed": values["changed"] or graph.dimensions.is_empty(TaskKey(task_id, path))}
        for path in graph.dimensions.known_paths(task_id)
    ]


def task_values(graph: TaskGraph, run_pk: int, task_id: str) -> dict[str, Any]:
    """Return the row of a task that has not started; tasks that wait for nothing are to be looked at first."""
    task = graph.tasks[task_id]
    return {
        "run_pk": run_pk,
        "task_id": task_id,
        "path": "",
        "state": TaskState.NONE,
        "changed": not task.upstream or task.trigger_rule == "always",
        "try_number": 0,
        "max_tries": task.retries + 1,
        "queue": task.queue,
        "pool": task.pool,
        "pool_slots": task.pool_slots,
        "priority": graph.weight(task_id),
        "operator": task.operator,
    }
