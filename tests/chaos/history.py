"""What the database of an installation tells of its runs, as plain data that a checker can be fed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from scheduler.store import Database
from scheduler.store import tables as t

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands."""

    id: int
    dag_id: str
    run_id: str
    state: str
    version_id: int
    max_active_tasks: int
    queued_at: datetime
    start_date: datetime | None
    end_date: datetime | None


@dataclass(frozen=True, slots=True)
class Task:
    """A task instance as it stands."""

    id: int
    run_pk: int
    task_id: str
    path: str
    state: str
    pool: str
    pool_slots: int
    losses: int
    reason: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt as it stands."""

    id: int
    run_pk: int
    ti_id: int | None
    kind: str
    state: str
    epoch: int
    worker_id: str | None
    queued_at: datetime
    claimed_at: datetime | None
    start_date: datetime | None
    end_date: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the event table that tells of a change of state."""

    id: int
    at: datetime
    kind: str
    run_pk: int
    ti_id: int | None
    from_state: str | None
    to_state: str


@dataclass(frozen=True, slots=True)
class History:
    """All of it. `upstream`: of each version, the tasks that each task waits for."""

    runs: tuple[Run, ...]
    tasks: tuple[Task, ...]
    attempts: tuple[Attempt, ...]
    moves: tuple[Move, ...]
    pools: Mapping[str, int]
    worker_slots: Mapping[str, int]
    max_active_runs: Mapping[str, int]
    upstream: Mapping[int, Mapping[str, tuple[str, ...]]]


def read_history(db: Database) -> History:
    """Read everything in one snapshot."""
    with db.read() as session:
        return History(
            runs=_all(session, Run, t.dag_run),
            tasks=_all(session, Task, t.task_instance),
            attempts=_all(session, Attempt, t.attempt),
            moves=_all(session, Move, t.event, t.event.c.kind.in_(["run.state", "task.state"])),
            pools=_pairs(session, t.pool.c.name, t.pool.c.slots),
            worker_slots=_pairs(session, t.worker.c.id, t.worker.c.slots),
            max_active_runs=_pairs(session, t.dag.c.dag_id, t.dag.c.max_active_runs),
            upstream={
                key: _upstream(graph)
                for key, graph in _pairs(session, t.dag_version.c.id, t.dag_version.c.graph).items()
            },
        )


def _all(session: sa.Connection, kind: type[Row], table: sa.Table, *where: Any) -> tuple[Row, ...]:
    columns = [table.c[field.name] for field in fields(kind)]  # type: ignore[arg-type]
    rows = session.execute(sa.select(*columns).where(*where).order_by(table.c.id))
    return tuple(kind(*row) for row in rows)


def _pairs(session: sa.Connection, *columns: sa.Column[Any]) -> dict[Any, Any]:
    return {row[0]: row[1] for row in session.execute(sa.select(*columns))}


def _upstream(graph: str) -> dict[str, tuple[str, ...]]:
    return {task["task_id"]: tuple(task.get("upstream", ())) for task in json.loads(graph)["tasks"]}
