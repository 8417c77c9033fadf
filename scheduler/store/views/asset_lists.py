"""Assets, aliases, events and the queue as programs list them: chosen by any of their columns, a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zlib import crc32

import sqlalchemy as sa

from scheduler.store.choices import Choice, Columns, conditions, in_order
from scheduler.store.engine import Session
from scheduler.store.tables import asset, asset_event, asset_queue, asset_use, dag, dag_run, dag_run_event
from scheduler.wire import Data

S = asset.c
E = asset_event.c
U = asset_use.c
Q = asset_queue.c
R = dag_run.c
D = dag.c


@dataclass(frozen=True, slots=True)
class AssetEntry:
    """One asset of the list."""

    id: int
    name: str
    uri: str
    group: str
    extra: Data
    updated_at: datetime
    freshness: Data | None


@dataclass(frozen=True, slots=True)
class EventEntry:
    """One event of the list."""

    id: int
    asset_id: int
    name: str
    uri: str
    group: str
    extra: Data
    dag_id: str
    run_id: str
    task_id: str
    path: str
    at: datetime
    partition_key: str
    alias: str
    actor: str


@dataclass(frozen=True, slots=True)
class QueuedEntry:
    """Events of an asset that wait for a run of a DAG; when the first came."""

    dag_id: str
    display_name: str
    asset_id: int
    at: datetime


_ASSET: Final = tuple(S[name] for name in AssetEntry.__slots__)
_ASSETS: Final[Columns] = {
    **{name: S[name] for name in ("id", "name", "uri", "updated_at")},
    "created_at": S.updated_at,
}
_EVENT: Final[tuple[Any, ...]] = (
    *(E.id, S.id, E.name, S.uri, S.group, E.extra, E.dag_id, E.run_id, E.task_id, E.path, E.at),
    *(E.partition_key, E.alias, E.actor),
)
_EVENTS: Final[Columns] = {
    **{"id": E.id, "asset_id": S.id, "name": E.name, "timestamp": E.at},
    **{f"source_{name}": E[name] for name in ("dag_id", "task_id", "run_id")},
    "source_map_index": sa.case((E.path == "", "-1"), else_=E.path),
}
_OF_EVENTS: Final = asset_event.join(asset, S.name == E.name)


def list_some_assets(
    session: Session, choice: Choice, *, dag_ids: Collection[str] = (), limit: int, offset: int = 0
) -> tuple[list[AssetEntry], int]:
    """Return one page of the assets that are chosen, and how many there are; `dag_ids`: that these DAGs use."""
    where = list(conditions(_ASSETS, choice))
    if dag_ids:
        values = sa.select(U.value).where(U.dag_id.in_(sorted(dag_ids)))
        where.append(sa.or_(S.name.in_(values), S.uri.in_(values)))
    page = sa.select(*_ASSET).where(*where).order_by(*in_order(_ASSETS, choice, S.id))
    total = session.scalar(sa.select(sa.func.count()).select_from(asset).where(*where)) or 0
    return [AssetEntry(*row) for row in session.execute(page.limit(limit).offset(offset))], total


def last_events(session: Session, names: Collection[str]) -> dict[str, tuple[int, datetime]]:
    """Return number and instant of the newest event of each of these assets; one that never changed is left out."""
    query = sa.select(E.name, sa.func.max(E.id), sa.func.max(E.at)).where(E.name.in_(sorted(names)))
    return {name: (event_id, at) for name, event_id, at in session.execute(query.group_by(E.name))}


def list_aliases(session: Session) -> list[tuple[int, str]]:
    """Return the aliases that DAGs name, each with a number made of its name."""
    query = sa.select(U.value).where(U.kind == "alias").distinct().order_by(U.value)
    return [(crc32(name.encode()), name) for name in session.scalars(query)]


def list_some_events(
    session: Session, choice: Choice, *, limit: int, offset: int = 0
) -> tuple[list[EventEntry], int]:
    """Return one page of the events that are chosen, and how many there are."""
    where = list(conditions(_EVENTS, choice))
    page = sa.select(*_EVENT).select_from(_OF_EVENTS).where(*where)
    page = page.order_by(*in_order(_EVENTS, choice, E.id)).limit(limit).offset(offset)
    total = session.scalar(sa.select(sa.func.count()).select_from(_OF_EVENTS).where(*where)) or 0
    return [EventEntry(*row) for row in session.execute(page)], total


def events_of_begun_run(session: Session, run_pk: int) -> list[EventEntry]:
    """Return the events that a run was begun for, oldest first."""
    query = sa.select(*_EVENT).select_from(_OF_EVENTS).join(dag_run_event, dag_run_event.c.event_id == E.id)
    found = session.execute(query.where(dag_run_event.c.run_pk == run_pk).order_by(E.id))
    return [EventEntry(*row) for row in found]


def runs_begun(session: Session, event_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the runs that each of these events was part of the beginning of; the last of its events triggered one."""
    link, other = dag_run_event.c, dag_run_event.alias("other")
    newest = sa.select(sa.func.max(other.c.event_id)).where(other.c.run_pk == link.run_pk).scalar_subquery()
    query = (
        sa.select(
            *(link.event_id, R.run_id, R.dag_id, R.logical_date, R.state, R.end_date, R.partition_key),
            *(R.data_interval_start, R.data_interval_end),
            sa.func.coalesce(R.start_date, R.queued_at).label("start_date"),
            (newest == link.event_id).label("triggering"),
        )
        .join(dag_run, R.id == link.run_pk)
        .where(link.event_id.in_(sorted(event_ids)))
        .order_by(R.id)
    )
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(query).mappings():
        values = dict(row)
        event_id = values.pop("event_id")
        found[event_id].append({**values, "triggering": bool(values["triggering"])})
    return found


def list_queued(
    session: Session,
    *,
    dag_id: str | None = None,
    asset_id: int | None = None,
    before: datetime | None = None,
) -> list[QueuedEntry]:
    """Return what DAGs have yet to run for, one entry a DAG and asset."""
    query = (
        sa.select(Q.dag_id, D.display_name, S.id, sa.func.min(E.at))
        .join(asset_event, E.id == Q.event_id)
        .join(asset, S.name == E.name)
        .join(dag, D.dag_id == Q.dag_id)
        .where(*_queued(dag_id, asset_id, before))
        .group_by(Q.dag_id, D.display_name, S.id)
        .order_by(Q.dag_id, S.id)
    )
    return [QueuedEntry(*row) for row in session.execute(query)]


def _queued(
    dag_id: str | None, asset_id: int | None, before: datetime | None
) -> list[sa.ColumnElement[bool]]:
    out: list[sa.ColumnElement[bool]] = [] if dag_id is None else [Q.dag_id == dag_id]
    out += [] if asset_id is None else [S.id == asset_id]
    return out if before is None else [*out, E.at < before]


def forget_queued(
    session: Session,
    dag_ids: Collection[str],
    *,
    asset_id: int | None = None,
    before: datetime | None = None,
) -> int:
    """Take events out of the queues of DAGs, which do not run for them then; return how many."""
    wanted = sa.select(E.id).join(asset, S.name == E.name).where(*_queued(None, asset_id, before))
    statement = sa.delete(asset_queue).where(Q.dag_id.in_(sorted(dag_ids)), Q.event_id.in_(wanted))
    return session.execute(statement).rowcount
