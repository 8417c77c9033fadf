"""A database as it is after years: DAGs, ended runs, tasks, attempts and events, loaded set by set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.store.engine import Database, Session
from scheduler.store.tables import attempt, dag, dag_run, dag_version, event, snapshot, task_instance
from scheduler.wire import DagSpec, TaskSpec, dag_to_json

#: Stands for the dag_id in the graph that all share.
_NAME = "@@"


@dataclass(frozen=True, slots=True)
class Crowd:
    """How much there is. Every hundredth run failed."""

    dags: int = 10_000
    runs: int = 100_000
    tasks: int = 10  #: of each run

    @property
    def task_count(self) -> int:
        """Task instances in all."""
        return self.runs * self.tasks


def load(db: Database, crowd: Crowd, now: datetime) -> None:
    """Fill empty tables. Each table is one statement."""
    with db.write() as session:
        session.execute(sa.insert(snapshot).values(id=1, hash="crowd", manifest={}, created_at=now))
        _load_dags(session, crowd, now)
        _load_runs(session, crowd, now)
        _load_tasks(session, crowd, now)
        if session.dialect.name == "postgresql":
            count_on(session)
    if db.url.get_backend_name() == "postgresql":
        with db.write() as session:
            session.exec_driver_sql("ANALYZE")


def numbers(count: int, name: str) -> sa.CTE:
    """Return rows with the column `n`: the numbers from 1 on."""
    first = sa.select(sa.literal(1).label("n")).cte(name, recursive=True)
    return first.union_all(sa.select(first.c.n + 1).where(first.c.n < count))


def text_of(value: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    """Return a number as text."""
    return sa.cast(value, sa.Text)


def minutes_ago(
    session: Session, now: datetime, minutes: sa.ColumnElement[int]
) -> sa.ColumnElement[datetime]:
    """Return an instant so many minutes before now, as the database keeps it."""
    if session.dialect.name == "sqlite":
        base = now.strftime("%Y-%m-%d %H:%M:%S")
        shift = sa.literal("-") + text_of(minutes) + sa.literal(" minutes")
        return sa.type_coerce(
            sa.func.strftime("%Y-%m-%d %H:%M:%f", base, shift) + "000", dag_run.c.end_date.type
        )
    return sa.literal(now, dag_run.c.end_date.type) - minutes * sa.text("interval '1 minute'")


def fill(session: Session, table: sa.Table, source: sa.FromClause, values: dict[str, Any]) -> None:
    """Insert a row for each row of a source, in one statement."""
    columns = {
        name: value if isinstance(value, sa.ColumnElement) else sa.literal(value, table.c[name].type)
        for name, value in values.items()
    }
    chosen = sa.select(*(column.label(name) for name, column in columns.items())).select_from(source)
    session.execute(sa.insert(table).from_select(list(columns), chosen))


def _load_dags(session: Session, crowd: Crowd, now: datetime) -> None:
    number = numbers(crowd.dags, "dags")
    dag_id = sa.literal("crowd-") + text_of(number.c.n)
    tasks = tuple(TaskSpec(task_id=f"t{at}", operator="EmptyOperator") for at in range(1, crowd.tasks + 1))
    graph = dag_to_json(DagSpec(dag_id=_NAME, file="crowd.py", tasks=tasks))
    fill(
        session,
        dag_version,
        number,
        {
            "id": number.c.n,
            "dag_id": dag_id,
            "number": 1,
            "hash": dag_id,
            "graph": sa.func.replace(graph, _NAME, dag_id),
            "snapshot_id": 1,
            "created_at": now,
        },
    )
    fill(
        session,
        dag,
        number,
        {"dag_id": dag_id, "file": "crowd.py", "version_id": number.c.n, "snapshot_id": 1, "created_at": now},
    )


def _load_runs(session: Session, crowd: Crowd, now: datetime) -> None:
    number = numbers(crowd.runs, "runs")
    owner = (number.c.n - 1) % crowd.dags + 1
    ended = minutes_ago(session, now, (crowd.runs - number.c.n) * 5 + 5)
    name = sa.literal("run-") + text_of(number.c.n)
    fill(
        session,
        dag_run,
        number,
        {
            "id": number.c.n,
            "dag_id": sa.literal("crowd-") + text_of(owner),
            "run_id": name,
            "trigger_key": name,
            "run_type": "scheduled",
            "state": sa.case((number.c.n % 100 == 0, "failed"), else_="success"),
            "version_id": owner,
            "snapshot_id": 1,
            "logical_date": ended,
            "run_after": ended,
            "queued_at": ended,
            "start_date": ended,
            "end_date": ended,
            "counted_end": ended,
            "conf": {},
            "params": {},
            "needs_planning": False,
        },
    )


def _load_tasks(session: Session, crowd: Crowd, now: datetime) -> None:
    place = numbers(crowd.tasks, "places")
    runs = dag_run.join(place, sa.true())
    key = (dag_run.c.id - 1) * crowd.tasks + place.c.n
    state = sa.case((sa.and_(dag_run.c.state == "failed", place.c.n == 1), "failed"), else_="success")
    shared = {"run_pk": dag_run.c.id, "state": state, "queue": "default", "start_date": dag_run.c.end_date}
    ended = {"end_date": dag_run.c.end_date, "queued_at": dag_run.c.end_date, "try_number": 1}
    task = {"id": key, "task_id": sa.literal("t") + text_of(place.c.n), "pool": "default_pool"}
    fill(session, task_instance, runs, shared | ended | task)
    kind = {"id": key, "ti_id": key, "kind": "task", "is_counted": True}
    fill(session, attempt, runs, shared | ended | kind)
    told = {
        "at": dag_run.c.end_date,
        "kind": "task.state",
        "run_pk": dag_run.c.id,
        "ti_id": key,
        "to_state": state,
    }
    fill(session, event, runs, told)


def count_on(session: Session) -> None:
    """Have PostgreSQL give ids after those that were written."""
    for table in (snapshot, dag_version, dag_run, task_instance, attempt):
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        session.exec_driver_sql(f"SELECT setval({sequence}, (SELECT max(id) FROM {table.name}))")
