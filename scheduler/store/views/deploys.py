"""Snapshots of the DAG folder as deploys: what changed with each, which versions it brought, and what runs on it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import dag_run, dag_version, snapshot

P = snapshot.c
R = dag_run.c
V = dag_version.c


@dataclass(frozen=True, slots=True)
class Deploy:
    """One snapshot, compared with the one before it."""

    id: int
    hash: str
    at: datetime
    file_count: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    is_first: bool
    versions: tuple[tuple[str, int], ...]  #: DAGs whose version first stood in it, with its number
    run_count: int
    active_count: int
    commit: str | None


def list_deploys(session: Session, limit: int) -> list[Deploy]:
    """Return the newest snapshots, by when the folder last came to be so; four statements."""
    query = sa.select(P.id, P.hash, P.created_at, P.manifest).order_by(P.created_at.desc(), P.id.desc())
    rows: list[Any] = list(session.execute(query.limit(limit + 1)))
    ids = [row.id for row in rows]
    runs, versions = _runs(session, ids), _versions(session, ids)
    pairs = list(pairwise([*rows, None])) if len(rows) <= limit else list(pairwise(rows))
    return [_deploy(row, before, runs.get(row.id), versions.get(row.id, [])) for row, before in pairs if row]


def newest_deploy(session: Session) -> datetime | None:
    """Return when the folder last came to be as it is."""
    return session.scalar(sa.select(P.created_at).order_by(P.created_at.desc()).limit(1))


def _deploy(row: Any, before: Any, runs: Any, versions: list[tuple[str, int]]) -> Deploy:  # noqa: ANN401 - rows
    here, there = row.manifest, {} if before is None else before.manifest
    return Deploy(
        id=row.id,
        hash=row.hash,
        at=row.created_at,
        file_count=len(here),
        added=tuple(sorted(set(here) - set(there))),
        changed=tuple(sorted(path for path in here if path in there and here[path][0] != there[path][0])),
        removed=tuple(sorted(set(there) - set(here))),
        is_first=before is None,
        versions=tuple(versions),
        run_count=runs.runs if runs else 0,
        active_count=runs.active or 0 if runs else 0,
        commit=runs.commit if runs else None,
    )


def _runs(session: Session, ids: list[int]) -> dict[int, Any]:
    query = sa.select(
        R.snapshot_id,
        sa.func.count().label("runs"),
        sa.func.sum(sa.case((R.end_date.is_(None), 1), else_=0)).label("active"),
        sa.func.max(R.bundle_version).label("commit"),
    )
    found = session.execute(query.where(R.snapshot_id.in_(ids)).group_by(R.snapshot_id))
    return {row.snapshot_id: row for row in found}


def _versions(session: Session, ids: list[int]) -> dict[int, list[tuple[str, int]]]:
    query = sa.select(V.snapshot_id, V.dag_id, V.number).where(V.snapshot_id.in_(ids))
    found: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for snapshot_id, dag_id, number in session.execute(query.order_by(V.dag_id, V.number)):
        found[snapshot_id].append((dag_id, number))
    return found
