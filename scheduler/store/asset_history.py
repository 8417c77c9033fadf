"""Events of assets as people and tasks read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.core.assets import Mark
from scheduler.store.engine import Session
from scheduler.store.tables import asset, asset_event, asset_queue, dag_run, dag_run_event
from scheduler.wire import Data

E = asset_event.c
S = asset.c


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as people and tasks see it."""

    id: int
    name: str
    uri: str
    group: str
    asset_extra: Data
    at: datetime
    extra: Data
    dag_id: str
    run_id: str
    task_id: str
    path: str
    alias: str
    partition_key: str
    actor: str
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None


def _events() -> sa.Select[Any]:
    run = dag_run.c
    return (
        sa.select(
            E.id, E.name, S.uri, S.group, S.extra, E.at, E.extra, E.dag_id, E.run_id, E.task_id, E.path,
            E.alias, E.partition_key, E.actor, run.logical_date, run.data_interval_start, run.data_interval_end,
        )
        .join(asset, S.name == E.name)
        .outerjoin(dag_run, sa.and_(run.dag_id == E.dag_id, run.run_id == E.run_id))
    )  # fmt: skip


def list_events(
    session: Session,
    mark: Mark | None = None,
    *,
    after: datetime | None = None,
    before: datetime | None = None,
    ascending: bool = False,
    limit: int | None = 100,
) -> list[EventRow]:
    """Return events, of all assets or of those that bear a mark, newest first unless asked otherwise."""
    query = _events()
    if mark is not None:
        query = query.where({"name": E.name, "uri": S.uri, "alias": E.alias}[mark.kind] == mark.value)
    if after is not None:
        query = query.where(E.at >= after)
    if before is not None:
        query = query.where(E.at <= before)
    query = query.order_by(E.id if ascending else E.id.desc()).limit(limit)
    return [EventRow(*row) for row in session.execute(query)]


def events_of_run(session: Session, run_pk: int) -> list[EventRow]:
    """Return the events that a run was begun for, oldest first."""
    query = _events().join(dag_run_event, dag_run_event.c.event_id == E.id)
    query = query.where(dag_run_event.c.run_pk == run_pk).order_by(E.id)
    return [EventRow(*row) for row in session.execute(query)]


def events_by_run(session: Session, dag_id: str, run_id: str) -> list[EventRow]:
    """Return the events that tasks of a run made, oldest first."""
    query = _events().where(E.dag_id == dag_id, E.run_id == run_id).order_by(E.id)
    return [EventRow(*row) for row in session.execute(query)]


def delete_asset_events(session: Session, before: datetime, limit: int) -> int:
    """Delete events older than an instant for which no run is kept or yet to begin; return how many.

    The newest of each asset stays: it says when that changed last.
    """
    newer = asset_event.alias("newer")
    old = (
        sa.select(E.id)
        .where(E.at < before)
        .where(~sa.exists().where(asset_queue.c.event_id == E.id))
        .where(~sa.exists().where(dag_run_event.c.event_id == E.id))
        .where(sa.exists().where(newer.c.name == E.name, newer.c.id > E.id))
        .limit(limit)
    )
    return session.execute(sa.delete(asset_event).where(E.id.in_(old))).rowcount
