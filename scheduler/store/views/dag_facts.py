"""What is known of DAGs besides their rows: their versions, and how their runs stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa

from scheduler.errors import NotFound
from scheduler.store.bundles import NAME
from scheduler.store.choices import Choice, Columns, conditions, in_order
from scheduler.store.engine import Session
from scheduler.store.tables import dag, dag_run, dag_version
from scheduler.store.versions import VersionRef

V = dag_version.c
D = dag.c
R = dag_run.c

_REF: Final = tuple(V[name] for name in VersionRef.__slots__)
_COLUMNS: Final[Columns] = {
    "id": V.id,
    "version_number": V.number,
    "bundle_name": sa.literal(NAME),
    "bundle_version": D.bundle_version,
}


def list_some_versions(
    session: Session, dag_id: str | None, choice: Choice, *, limit: int, offset: int
) -> tuple[list[tuple[VersionRef, str]], int]:
    """Return one page of the versions of a DAG, or of all, with the DAG's name, and how many there are."""
    joined = dag_version.join(dag, D.dag_id == V.dag_id)
    where = [*conditions(_COLUMNS, choice), *([V.dag_id == dag_id] if dag_id else [])]
    query = sa.select(*_REF, D.display_name).select_from(joined).where(*where)
    page = query.order_by(*in_order(_COLUMNS, choice, V.id)).limit(limit).offset(offset)
    total = session.scalar(sa.select(sa.func.count()).select_from(joined).where(*where)) or 0
    return [(VersionRef(*row[:-1]), row[-1]) for row in session.execute(page)], total


def find_numbered(session: Session, dag_id: str, number: int | None) -> tuple[VersionRef, dict[str, Any]]:
    """Return a version of a DAG by its number, or its newest, and the DAG's name and file. Raises NotFound."""
    query = sa.select(*_REF, D.display_name, D.file).join(dag, D.dag_id == V.dag_id).where(V.dag_id == dag_id)
    wanted = query.where(V.id == D.version_id) if number is None else query.where(V.number == number)
    row = session.execute(wanted).one_or_none()
    if row is None:
        raise NotFound("version", f"{dag_id}/{'newest' if number is None else number}")
    return VersionRef(*row[:-2]), {"display_name": row[-2], "file": row[-1]}


def run_counts_by_dag(session: Session, dag_ids: Collection[str]) -> dict[str, tuple[str, dict[str, int]]]:
    """Return the name and the number of runs by state of each DAG that has runs, of all or of these."""
    query = sa.select(R.dag_id, D.display_name, R.state, sa.func.count()).join(dag, D.dag_id == R.dag_id)
    if dag_ids:
        query = query.where(R.dag_id.in_(sorted(dag_ids)))
    found: defaultdict[str, tuple[str, dict[str, int]]] = defaultdict(lambda: ("", {}))
    for dag_id, name, state, count in session.execute(
        query.group_by(R.dag_id, D.display_name, R.state).order_by(R.dag_id)
    ):
        found[dag_id] = (name or dag_id, {**found[dag_id][1], state: count})
    return dict(found)
