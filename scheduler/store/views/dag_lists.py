"""DAGs as programs list them: chosen by any of their columns, and by how they last ran."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.store.absent import no_dag
from scheduler.store.bundles import NAME
from scheduler.store.choices import Choice, Columns, conditions, either, every, in_order
from scheduler.store.engine import Session
from scheduler.store.tables import asset_use, dag, dag_favorite, dag_file, dag_run, dag_tag

D = dag.c


@dataclass(frozen=True, slots=True)
class DagEntry:
    """One DAG of the list."""

    dag_id: str
    version_id: int
    display_name: str
    description: str
    file: str
    owner: str
    is_paused: bool
    retired_at: datetime | None
    max_active_runs: int
    next_run_at: datetime | None
    next_logical_date: datetime | None
    next_interval_start: datetime | None
    next_interval_end: datetime | None
    last_parsed_at: datetime | None
    bundle_version: str | None
    aside_reason: str
    has_import_errors: bool
    parse_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DagsWanted:
    """What the list is narrowed to besides; None is no condition."""

    tags: tuple[str, ...] = ()
    needs_all_tags: bool = False
    owners: tuple[str, ...] = ()
    with_retired: bool = False
    has_asset_schedule: bool | None = None
    asset: str | None = None  #: part of the name or URI of an asset that its schedule names
    is_favorite: bool | None = None  #: of `user_name`
    user_name: str = ""


_FAULTY: Final = sa.exists().where(dag_file.c.path == D.file, dag_file.c.error_type.is_not(None))
_PARSE_S: Final = sa.select(dag_file.c.seconds).where(dag_file.c.path == D.file).scalar_subquery()
_ENTRY: Final = (*(D[name] for name in DagEntry.__slots__[:-2]), _FAULTY, _PARSE_S)
_LAST: Final = dag_run.alias("last_run")
_COLUMNS: Final[Columns] = {
    "dag_id": D.dag_id,
    "dag_display_name": sa.func.coalesce(sa.func.nullif(D.display_name, ""), D.dag_id),
    "paused": D.is_paused,
    "has_import_errors": _FAULTY,
    "bundle_name": sa.literal(NAME),
    "bundle_version": D.bundle_version,
    "next_dagrun": D.next_logical_date,
    "timetable_type": D.timetable_type,
    "last_dag_run_state": _LAST.c.state,
    "dag_run_state": _LAST.c.state,
    "dag_run_start_date": _LAST.c.start_date,
    "dag_run_end_date": _LAST.c.end_date,
    "last_run_state": _LAST.c.state,
    "last_run_start_date": _LAST.c.start_date,
    "state": _LAST.c.state,
    "start_date": _LAST.c.start_date,
}


def list_dags(
    session: Session, choice: Choice, wanted: DagsWanted, *, limit: int, offset: int = 0
) -> tuple[list[DagEntry], int]:
    """Return one page of the DAGs that are chosen, and how many there are. Two statements."""
    found = _narrowed(sa.select(*_ENTRY), choice, wanted)
    page = found.order_by(*in_order(_COLUMNS, choice, D.dag_id)).limit(limit).offset(offset)
    total = session.scalar(_narrowed(sa.select(sa.func.count()), choice, wanted)) or 0
    return [DagEntry(*row) for row in session.execute(page)], total


def find_entry(session: Session, dag_id: str) -> DagEntry:
    """Return one DAG, retired or not. Raises NotFound."""
    row = session.execute(sa.select(*_ENTRY).where(D.dag_id == dag_id)).one_or_none()
    if row is None:
        raise no_dag(session, dag_id)
    return DagEntry(*row)


def _narrowed(statement: sa.Select[Any], choice: Choice, wanted: DagsWanted) -> sa.Select[Any]:
    newest = sa.select(sa.func.max(dag_run.c.id)).where(dag_run.c.dag_id == D.dag_id).scalar_subquery()
    asks = {*choice.among, *choice.ranges, *(each.removeprefix("-") for each in choice.order)}
    of = dag.outerjoin(_LAST, _LAST.c.id == newest) if asks & _OF_LAST else dag
    statement = statement.select_from(of).where(*conditions(_COLUMNS, choice))
    return statement.where(*_conditions(wanted))


_OF_LAST: Final = {name for name, column in _COLUMNS.items() if getattr(column, "table", None) is _LAST}


def _conditions(wanted: DagsWanted) -> list[sa.ColumnElement[bool]]:
    out: list[sa.ColumnElement[bool]] = [] if wanted.with_retired else [D.retired_at.is_(None)]
    if wanted.tags:
        tags = [
            D.dag_id.in_(sa.select(dag_tag.c.dag_id).where(dag_tag.c.name == each)) for each in wanted.tags
        ]
        out.append(every(tags) if wanted.needs_all_tags else either(tags))
    if wanted.owners:
        out.append(either([D.owner.icontains(each, autoescape=True) for each in wanted.owners]))
    uses = sa.select(asset_use.c.dag_id).where(asset_use.c.role.in_(("schedule", "partition")))
    if wanted.has_asset_schedule is not None:
        is_so = D.dag_id.in_(uses)
        out.append(is_so if wanted.has_asset_schedule else ~is_so)
    if wanted.asset is not None:
        out.append(D.dag_id.in_(uses.where(asset_use.c.value.icontains(wanted.asset, autoescape=True))))
    if wanted.is_favorite is not None:
        kept = D.dag_id.in_(
            sa.select(dag_favorite.c.dag_id).where(dag_favorite.c.user_name == wanted.user_name)
        )
        out.append(kept if wanted.is_favorite else ~kept)
    return out


def list_tags(session: Session, choice: Choice, *, limit: int, offset: int = 0) -> tuple[list[str], int]:
    """Return one page of the tags of the DAGs in force, and how many there are."""
    columns: Columns = {"name": dag_tag.c.name, "tag_name": dag_tag.c.name}
    found = sa.select(dag_tag.c.name).join(dag, D.dag_id == dag_tag.c.dag_id).distinct()
    found = found.where(D.retired_at.is_(None), *conditions(columns, choice))
    page = found.order_by(*in_order(columns, choice, dag_tag.c.name)).limit(limit).offset(offset)
    total = session.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0
    return list(session.scalars(page)), total
