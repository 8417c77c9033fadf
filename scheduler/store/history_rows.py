"""Runs as plain data, with all that belongs to them: for an archive."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import (
    artifact,
    attempt,
    dag_run,
    dag_version,
    event,
    question,
    task_instance,
    task_state,
    xcom,
)

#: What a record holds beside its run, by the names that its parts have there.
_PARTS: Final = {
    "task_instances": task_instance,
    "attempts": attempt,
    "xcoms": xcom,
    "task_states": task_state,
    "questions": question,
    "artifacts": artifact,
    "events": event,
}


def load_records(session: Session, run_pks: Collection[int]) -> list[dict[str, Any]]:
    """Return a record a run, in order of their keys: the run's columns, its version, and lists of its rows.

    Instants are in ISO 8601, bytes in base 64. Logs are not among it: `log_url` is for them.
    """
    binds = {"run_pks": sorted(run_pks)}
    parts = {name: _rows_by_run(session, table, binds) for name, table in _PARTS.items()}
    query = sa.select(
        dag_run, dag_version.c.number.label("version_number"), dag_version.c.hash.label("version")
    )
    query = query.join(dag_version, dag_version.c.id == dag_run.c.version_id)
    runs = session.execute(query.where(one_of(dag_run.c.id, "run_pks")).order_by(dag_run.c.id), binds)
    return [
        _plain(row) | {name: rows.get(row["id"], []) for name, rows in parts.items()}
        for row in runs.mappings()
    ]


def _rows_by_run(
    session: Session, table: sa.Table, binds: Mapping[str, Any]
) -> dict[int, list[dict[str, Any]]]:
    query = sa.select(table).where(one_of(table.c.run_pk, "run_pks")).order_by(*table.primary_key.columns)
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(query, binds).mappings():
        found[row["run_pk"]].append(_plain(row))
    return found


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _value(value) for name, value in row.items()}


def _value(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value
