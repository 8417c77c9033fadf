"""Graphs and rows to test with."""

from __future__ import annotations

from datetime import UTC, datetime

from scheduler.store import snapshots, versions
from scheduler.store.dags import ParsedDag, upsert_dags
from scheduler.wire import DagSpec, ParamSpec, TaskSpec

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MANIFEST = {"shop.py": snapshots.Entry("abc", 120, 0o644)}


def spec(dag_id="shop", **changes):
    """A chain a -> b -> c with one param."""
    values = {
        "dag_id": dag_id,
        "file": f"{dag_id}.py",
        "code_hash": "code-1",
        "params": (ParamSpec(name="day", schema={"type": "string"}, default="mon"),),
        "tasks": (
            TaskSpec(task_id="a", operator="PythonOperator"),
            TaskSpec(task_id="b", operator="PythonOperator", upstream=("a",)),
            TaskSpec(task_id="c", operator="PythonOperator", upstream=("b",)),
        ),
    }
    return DagSpec(**{**values, **changes})


def add_dag(session, dag_spec=None, *, now=NOW, manifest=None, is_paused=False):
    """Store a DAG as parsing does; return its version."""
    dag_spec = dag_spec or spec()
    snapshot_id = snapshots.store_snapshot(session, manifest or MANIFEST, now)
    version = versions.store_version(session, dag_spec, snapshot_id, now)
    upsert_dags(session, now, [ParsedDag(dag_spec, version.id, snapshot_id, is_paused)])
    return version
