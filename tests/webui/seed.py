"""Rows that a scheduler would have written, for tests of the pages: real tables, no scheduler."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert

from scheduler.core.timetable_types import timetable_type
from scheduler.store import Session, tables
from scheduler.store.run_ends import count_runs
from scheduler.store.tallies import count_attempts
from scheduler.wire import DagSpec, GroupSpec, Isolation, ParamSpec, ScheduleSpec, TaskSpec, dag_to_json

NOW = datetime(2026, 11, 21, 14, 5, 30, tzinfo=UTC)
SOURCE = b"def prices() -> dict:\n    return {}\n"
TRACEBACK = """Traceback (most recent call last):
  File "refunds_v2.py", line 18
NameError: name 'chargeback' is not defined"""

ORDERS = DagSpec(
    dag_id="orders_hourly",
    file="orders.py",
    schedule=ScheduleSpec(kind="cron", cron="5 * * * *"),
    description="Takes the orders of the last hour to the warehouse.",
    doc_md="# Orders\n\nAsk *ada* in <b>the shop</b>.",
    owner="shop",
    tags=("critical", "shop"),
    params=(
        ParamSpec(name="day", schema={"type": "string", "format": "date"}, default="2026-11-21"),
        ParamSpec(
            name="limit",
            schema={"type": "integer", "minimum": 1},
            default=100,
            description="At most so many.",
        ),
        ParamSpec(name="full", schema={"type": "boolean"}, default=False),
        ParamSpec(name="carrier", schema={"type": "string", "enum": ["AA", "DL", "UA"]}, default="AA"),
    ),
    groups=(GroupSpec(group_id="enrich", label="enrich"),),
    tasks=(
        TaskSpec(task_id="extract", operator="_PythonTask", label="extract", retries=2),
        TaskSpec(task_id="validate", operator="_PythonTask", label="validate", upstream=("extract",)),
        TaskSpec(
            task_id="enrich.geo",
            operator="_PythonTask",
            label="geo",
            group_id="enrich",
            upstream=("validate",),
        ),
        TaskSpec(
            task_id="enrich.prices",
            operator="_PythonTask",
            label="prices",
            group_id="enrich",
            upstream=("validate",),
            template_fields=("day",),
            source="def prices(day):\n    return fetch(day)\n",
        ),
        TaskSpec(
            task_id="enrich.customers",
            operator="_PythonTask",
            label="customers",
            group_id="enrich",
            upstream=("validate",),
        ),
        TaskSpec(
            task_id="join",
            operator="_PythonTask",
            label="join",
            isolation=Isolation(run_as_user="reports", memory_bytes=512 * 1024 * 1024),
            upstream=("enrich.customers", "enrich.geo", "enrich.prices"),
        ),
        TaskSpec(
            task_id="load",
            operator="BashOperator",
            label="load",
            upstream=("join",),
            upstream_labels={"join": "all there"},
        ),
        TaskSpec(task_id="notify", operator="_PythonTask", label="notify", upstream=("load",)),
    ),
)
GOOD = dict.fromkeys((task.task_id for task in ORDERS.tasks), "success")
FAILED = {
    **GOOD,
    "enrich.prices": "failed",
    "join": "upstream_failed",
    "load": "upstream_failed",
    "notify": "upstream_failed",
}
HALF = {**GOOD, "enrich.customers": "running", "join": "none", "load": "none", "notify": "none"}


def _insert(session: Session, table: Table, **values: Any) -> int:
    """Insert a row; return its id."""
    return int(session.execute(insert(table).values(values).returning(table.c.id)).scalar_one())


def hours_ago(hours: int) -> datetime:
    """Return when the run of so many hours ago was due."""
    return NOW - timedelta(hours=hours)


def add_dag(
    session: Session, spec: DagSpec, *, next_run_at: datetime | None = None, is_paused: bool = False
) -> int:
    """Store a DAG with one version; return the version's id."""
    blob = hashlib.sha256(SOURCE).hexdigest()
    if session.execute(tables.blob.select().where(tables.blob.c.hash == blob)).first() is None:
        session.execute(insert(tables.blob).values(hash=blob, data=zlib.compress(SOURCE), size=len(SOURCE)))
    files = {spec.file: [blob, len(SOURCE), 420]}
    snapshot = _insert(
        session,
        tables.snapshot,
        hash=f"snapshot {spec.dag_id}",
        manifest=files,
        created_at=NOW,
    )
    graph = dag_to_json(spec)
    version = _insert(
        session,
        tables.dag_version,
        dag_id=spec.dag_id,
        number=1,
        hash=hashlib.sha256(graph.encode()).hexdigest(),
        graph=graph,
        snapshot_id=snapshot,
        created_at=NOW - timedelta(days=2),
    )
    session.execute(
        insert(tables.dag).values(
            dag_id=spec.dag_id,
            file=spec.file,
            version_id=version,
            snapshot_id=snapshot,
            description=spec.description,
            owner=spec.owner,
            is_paused=is_paused,
            timetable_type=timetable_type(spec.schedule),
            next_run_at=next_run_at,
            created_at=NOW,
        )
    )
    for tag in spec.tags:
        session.execute(insert(tables.dag_tag).values(dag_id=spec.dag_id, name=tag))
    return version


def add_run(
    session: Session,
    spec: DagSpec,
    version: int,
    at: datetime,
    state: str,
    states: dict[str, str],
    **more: Any,
) -> int:
    """Store a run with its tasks, each with an attempt where it has begun; return its id."""
    ended = at + timedelta(seconds=20) if state in {"success", "failed"} else None
    values = {
        "dag_id": spec.dag_id,
        "run_id": f"scheduled__{at.isoformat()}",
        "trigger_key": f"schedule:{at.isoformat()}",
        "run_type": "scheduled",
        "state": state,
        "version_id": version,
        "snapshot_id": version,
        "logical_date": at,
        "run_after": at,
        "conf": {},
        "params": {param.name: param.default for param in spec.params},
        "queued_at": at,
        "start_date": at + timedelta(milliseconds=8),
        "end_date": ended,
        "triggered_by": "scheduler",
    }
    run = _insert(session, tables.dag_run, **{**values, **more})
    for place, task in enumerate(spec.tasks):
        add_task(session, run, task, states[task.task_id], at + timedelta(seconds=place))
    return run


def add_task(session: Session, run: int, task: TaskSpec, state: str, at: datetime) -> int:
    """Store a task instance, with attempts where it has begun, and the events that led there."""
    begun = state in {"success", "failed", "running"}
    ended = at + timedelta(seconds=1.2) if state in {"success", "failed"} else None
    reason = "KeyError: 'currency' (orders.py:57 in prices)" if state == "failed" else ""
    common = {"queue": "default", "hostname": "worker-2" if begun else "", "reason": reason}
    values = {
        "run_pk": run,
        "task_id": task.task_id,
        "state": state,
        "pool": "default_pool",
        "operator": task.operator,
        "try_number": int(begun),
        "max_tries": task.retries + 1,
        "scheduled_at": at if begun else None,
        "queued_at": at if begun else None,
        "start_date": at if begun else None,
        "end_date": ended,
    }
    pk = _insert(session, tables.task_instance, **values, **common)
    if begun:
        add_attempt(session, run, pk, state, at, end_date=ended, **common)
    event = {
        "at": at,
        "kind": "task.state",
        "run_pk": run,
        "ti_id": pk,
        "from_state": "none",
        "to_state": state,
    }
    session.execute(insert(tables.event).values({**event, "actor": "scheduler", "reason": reason}))
    return pk


def add_attempt(session: Session, run: int, task: int, state: str, at: datetime, **more: Any) -> int:
    """Store an attempt of a task instance; return its id."""
    values = {
        "run_pk": run,
        "ti_id": task,
        "kind": "task",
        "try_number": 1,
        "state": state,
        "queue": "default",
        "scheduled_at": at - timedelta(milliseconds=2),
        "queued_at": at,
        "claimed_at": at + timedelta(milliseconds=4),
        "start_date": at + timedelta(milliseconds=6),
        "cpu_s": 0.3,
        "peak_memory_bytes": 61_000_000,
        "rendered": {"day": "2026-11-21"},
    }
    return _insert(session, tables.attempt, **{**values, **more})


def tell(session: Session, run: int | None) -> None:
    """Note that something happened in a run, as whoever changes it does, so that open pages look again."""
    session.execute(insert(tables.event).values(at=NOW, kind="task.state", run_pk=run, actor="scheduler"))


def count(session: Session) -> None:
    """Sum up what ended, as a leader does."""
    while count_attempts(session, NOW, 500) or count_runs(session, NOW, 500):
        pass


def add_history(session: Session) -> None:
    """Store a small shop: DAGs with good, bad, running and no runs, one paused, and a broken file."""
    orders = add_dag(session, ORDERS, next_run_at=NOW + timedelta(minutes=59))
    for hours in range(12, 0, -1):
        state, states = ("failed", FAILED) if hours == 2 else ("success", GOOD)
        add_run(session, ORDERS, orders, NOW - timedelta(hours=hours), state, states)
    add_run(session, ORDERS, orders, NOW - timedelta(seconds=25), "running", HALF)
    sync = replace(
        ORDERS,
        dag_id="warehouse_sync",
        file="sync.py",
        tags=("stock",),
        params=(),
        groups=(),
        tasks=ORDERS.tasks[:2],
    )
    add_dag(session, sync, next_run_at=NOW + timedelta(minutes=9), is_paused=True)
    by_hand = replace(
        sync, dag_id="carrier_fanout", file="fanout.py", tags=("samples",), schedule=ScheduleSpec()
    )
    add_dag(session, by_hand)
    session.execute(
        insert(tables.dag_file).values(
            path="refunds_v2.py",
            fingerprint="x",
            depends_on={"files": {}, "variables": {}},
            dag_ids=["refunds"],
            parsed_at=NOW,
            warnings=[],
            error_type="NameError",
            error_message="name 'chargeback' is not defined",
            error_lineno=18,
            error_traceback=TRACEBACK,
            error_since=NOW - timedelta(minutes=3),
        )
    )
    session.execute(
        insert(tables.worker).values(
            id="w1", hostname="worker-2", pid=1, queues=["default"], slots=16, busy=5, started_at=NOW,
            lease_until=NOW + timedelta(days=900),
        )
    )  # fmt: skip
