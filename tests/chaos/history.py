"""What the database of an installation tells of its runs, as plain data that a checker can be fed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
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
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Resize:
    """A pool was made, or given another size."""

    at: datetime
    name: str
    slots: int


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
    resizes: tuple[Resize, ...] = ()


def read_history(db: Database, run_pks: Collection[int] | None = None) -> History:
    """Read everything in one snapshot; of some runs only, where they are named."""

    def of(run_pk: sa.Column[Any]) -> list[Any]:
        return [] if run_pks is None else [run_pk.in_(sorted(run_pks))]

    is_move = t.event.c.kind.in_(["run.state", "task.state"])
    with db.read() as session:
        return History(
            runs=_all(session, Run, t.dag_run, *of(t.dag_run.c.id)),
            tasks=_all(session, Task, t.task_instance, *of(t.task_instance.c.run_pk)),
            attempts=_all(session, Attempt, t.attempt, *of(t.attempt.c.run_pk)),
            moves=_all(session, Move, t.event, is_move, *of(t.event.c.run_pk)),
            pools=_pairs(session, t.pool.c.name, t.pool.c.slots),
            worker_slots=_pairs(session, t.worker.c.id, t.worker.c.slots),
            max_active_runs=_pairs(session, t.dag.c.dag_id, t.dag.c.max_active_runs),
            upstream={
                key: _upstream(graph)
                for key, graph in _pairs(session, t.dag_version.c.id, t.dag_version.c.graph).items()
            },
            resizes=_resizes(session),
        )


def ended_runs(db: Database, before: datetime) -> dict[int, str]:
    """Return the runs that ended before an instant and of which nothing is under way: run_id by key."""
    of_run = t.attempt.c.run_pk == t.dag_run.c.id
    under_way = sa.exists().where(of_run, t.attempt.c.state.in_(["queued", "running"]))
    query = sa.select(t.dag_run.c.id, t.dag_run.c.run_id)
    with db.read() as session:
        return {
            row[0]: row[1] for row in session.execute(query.where(t.dag_run.c.end_date < before, ~under_way))
        }


def all_runs(db: Database) -> dict[int, str]:
    """Return every run: run_id by key."""
    with db.read() as session:
        return _pairs(session, t.dag_run.c.id, t.dag_run.c.run_id)


def _all(session: sa.Connection, kind: type[Row], table: sa.Table, *where: Any) -> tuple[Row, ...]:
    columns = [table.c[field.name] for field in fields(kind)]  # type: ignore[arg-type]
    rows = session.execute(sa.select(*columns).where(*where).order_by(table.c.id))
    return tuple(kind(*row) for row in rows)


def _resizes(session: sa.Connection) -> tuple[Resize, ...]:
    query = (
        sa.select(t.event.c.at, t.event.c.reason).where(t.event.c.kind == "pool.set").order_by(t.event.c.id)
    )
    found = ((at, *reason.removesuffix(" slots").rsplit(": ", 1)) for at, reason in session.execute(query))
    return tuple(Resize(at, name, int(slots)) for at, name, slots in found)


def _pairs(session: sa.Connection, *columns: sa.Column[Any]) -> dict[Any, Any]:
    return {row[0]: row[1] for row in session.execute(sa.select(*columns))}


def _upstream(graph: str) -> dict[str, tuple[str, ...]]:
    return {task["task_id"]: tuple(task.get("upstream", ())) for task in json.loads(graph)["tasks"]}
