"""Versions of DAGs: a new one when structure or code changes, and not when only the clock went on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.errors import NotFound, UnreadableGraph
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.tables import dag_version
from scheduler.store.upsert import insert_into
from scheduler.wire import DagSpec, ParamSpec, TaskSpec, dag_from_json, dag_to_json

V = dag_version.c


@dataclass(frozen=True, slots=True)
class VersionRef:
    """One version of a DAG; `number` counts 1, 2, … within the DAG."""

    id: int
    dag_id: str
    number: int
    hash: str
    snapshot_id: int  #: the first snapshot that held it
    created_at: datetime


_GRAPH = sa.select(V.graph).where(V.id == sa.bindparam("version_id", type_=V.id.type))
_REF = (V.id, V.dag_id, V.number, V.hash, V.snapshot_id, V.created_at)


def hash_version(spec: DagSpec) -> str:
    """Return the name of a version: the hash of its code and of its structure.

    Left out is what a file may compute anew at every parse without being another DAG: dates, defaults of
    params, texts for the page. A change of these in the code changes `code_hash`.
    """
    steady = replace(
        spec,
        start_date=None,
        end_date=None,
        description="",
        doc_md=None,
        params=tuple(_steady_param(param) for param in spec.params),
        tasks=tuple(_steady_task(task) for task in spec.tasks),
    )
    return hashlib.sha256(dag_to_json(steady).encode()).hexdigest()


def _steady_param(param: ParamSpec) -> ParamSpec:
    schema = {key: value for key, value in param.schema.items() if key not in {"default", "examples"}}
    return replace(param, default=None, description=None, schema=schema)


def _steady_task(task: TaskSpec) -> TaskSpec:
    return replace(task, doc_md=None, source=None)


def store_versions(
    session: Session, specs: Sequence[DagSpec], snapshot_id: int, now: datetime
) -> dict[str, VersionRef]:
    """Return the version of each graph by dag_id, made where it is new; at most one graph a DAG.

    A version that exists takes over the newest dates, defaults and texts of its graph. Three statements for
    any number of DAGs; where another process stores a version of the same DAG at once, the unique number
    decides and the loser counts on.
    """
    wanted = {spec.dag_id: (hash_version(spec), spec) for spec in specs}
    found = _find(session, wanted)
    _refresh(session, [(version.id, wanted[dag_id][1]) for dag_id, version in found.items()])
    while missing := {dag_id: pair for dag_id, pair in wanted.items() if dag_id not in found}:
        _insert(session, missing, snapshot_id, now)
        found |= _find(session, missing)
    return found


def store_version(session: Session, spec: DagSpec, snapshot_id: int, now: datetime) -> VersionRef:
    """Return the version of one graph, made where it is new."""
    return store_versions(session, [spec], snapshot_id, now)[spec.dag_id]


def _find(session: Session, wanted: Mapping[str, tuple[str, DagSpec]]) -> dict[str, VersionRef]:
    pairs = [(dag_id, name) for dag_id, (name, _) in wanted.items()]
    found: dict[str, VersionRef] = {}
    for batch in in_batches(pairs, 1000):
        rows = session.execute(sa.select(*_REF).where(sa.tuple_(V.dag_id, V.hash).in_(batch)))
        found.update((row.dag_id, VersionRef(*row)) for row in rows)
    return found


def _insert(
    session: Session, missing: Mapping[str, tuple[str, DagSpec]], snapshot_id: int, now: datetime
) -> None:
    last = _last_numbers(session, missing)
    rows = [
        {
            "dag_id": dag_id,
            "number": last.get(dag_id, 0) + 1,
            "hash": name,
            "graph": dag_to_json(spec),
            "snapshot_id": snapshot_id,
            "created_at": now,
        }
        for dag_id, (name, spec) in missing.items()
    ]
    session.execute(insert_into(session, dag_version).on_conflict_do_nothing(), rows)


def _last_numbers(session: Session, dag_ids: Iterable[str]) -> dict[str, int]:
    last: dict[str, int] = {}
    for batch in in_batches(dag_ids):
        query = sa.select(V.dag_id, sa.func.max(V.number)).where(V.dag_id.in_(batch)).group_by(V.dag_id)
        last.update((dag_id, number) for dag_id, number in session.execute(query))
    return last


def _refresh(session: Session, graphs: Iterable[tuple[int, DagSpec]]) -> None:
    statement = (
        sa.update(dag_version)
        .where(V.id == sa.bindparam("b_id"), V.graph != sa.bindparam("b_graph"))
        .values(graph=sa.bindparam("b_graph"))
    )
    rows: list[dict[str, Any]] = [{"b_id": id_, "b_graph": dag_to_json(spec)} for id_, spec in graphs]
    if rows:
        session.execute(statement, rows)


def load_graph(session: Session, version_id: int) -> DagSpec:
    """Return the graph of a version. Raises NotFound, NewerForm, UnreadableGraph."""
    text = session.scalar(_GRAPH, {"version_id": version_id})
    if text is None:
        raise NotFound("version", str(version_id))
    try:
        return dag_from_json(text)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableGraph(version_id, error) from error


def list_versions(session: Session, dag_id: str) -> list[VersionRef]:
    """Return the versions of a DAG, newest first."""
    rows = session.execute(sa.select(*_REF).where(V.dag_id == dag_id).order_by(V.number.desc()))
    return [VersionRef(*row) for row in rows]
