"""Which runs used which version of a DAG."""

from __future__ import annotations

from sqlalchemy import func, select

from scheduler.errors import NotFound
from scheduler.store.engine import Session
from scheduler.store.tables import dag_run, dag_version
from scheduler.store.versions import VersionRef

#: Runs that are looked at: a DAG may have a million.
LOOKED_AT = 1000


def find_numbered(session: Session, dag_id: str, number: int) -> VersionRef:
    """Return a version of a DAG by its number.

    Raises NotFound.
    """
    columns = [dag_version.c[name] for name in VersionRef.__slots__]
    which = (dag_version.c.dag_id == dag_id, dag_version.c.number == number)
    row = session.execute(select(*columns).where(*which)).one_or_none()
    if row is None:
        raise NotFound("version", str(number))
    return VersionRef(*row)


def uses_of_versions(session: Session, dag_id: str) -> dict[int, int]:
    """Return how many of the last runs of a DAG used each version, by its id."""
    r = dag_run.c
    last = select(r.id, r.version_id).where(r.dag_id == dag_id).order_by(r.id.desc()).limit(LOOKED_AT)
    each = last.subquery().c
    counted = select(each.version_id, func.count()).group_by(each.version_id)
    return {version_id: int(count) for version_id, count in session.execute(counted)}
