"""Events of assets: made with the outcome of an attempt, queued for each DAG that waits, consumed by its run.

An event is queued once for a DAG, and leaves the queue in the transaction that creates the run which it begins: it is
neither lost nor counted twice, whoever leads. The queue's own flag says what is yet to be looked at, so those who
write events and the leader never write the same row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.assets import Change, Mark
from scheduler.failpoints import Edge
from scheduler.store.assets import assets_by_uri, put_assets
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.lists import is_raised, one_of
from scheduler.store.tables import asset, asset_event, asset_queue, asset_use, dag, dag_run_event
from scheduler.store.transaction import at_edge, request_wake
from scheduler.wire import Data

E = asset_event.c
Q = asset_queue.c
U = asset_use.c
D = dag.c
S = asset.c


@dataclass(frozen=True, slots=True)
class Source:
    """What made an event: an attempt of a task, or a person."""

    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    path: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that is to be written."""

    change: Change
    source: Source


@dataclass(frozen=True, slots=True)
class NewsOf:
    """A DAG for which events have come that nobody has looked at."""

    dag_id: str
    version_id: int
    snapshot_id: int
    bundle_version: str | None
    #: Paused or retired: none of its runs begins by itself.
    is_at_rest: bool


@dataclass(frozen=True, slots=True)
class Queued:
    """An event that a DAG has yet to run for."""

    event_id: int
    at: datetime
    marks: frozenset[Mark]
    name: str
    partition_key: str  #: of the event
    target_key: str  #: of the run that it is to begin


def put_events(session: Session, now: datetime, events: Sequence[NewEvent]) -> list[int]:
    """Write events, and queue them for the DAGs that wait for them; return their ids.

    A paused or retired DAG is passed by. Events of partitions are for DAGs that run by partitions, and only they are.
    An event of a URI that no asset has makes one of this name.
    """
    if not events:
        return []
    named = _with_names(session, events)
    put_assets(session, now, [_declared(each) for each in named if each.change.asset_extra is not None])
    _make_known(session, now, named)
    rows = [_values(each, now) for each in named]
    inserted = session.execute(
        sa.insert(asset_event).returning(E.id, sort_by_parameter_order=True), rows
    ).scalars()
    ids = list(inserted)
    _queue(session, dict(zip(ids, (each.change for each in named), strict=True)))
    at_edge(session, Edge.ASSETS_CHANGED)
    request_wake(session)
    return ids


def _with_names(session: Session, events: Sequence[NewEvent]) -> list[NewEvent]:
    uris = {each.change.uri for each in events if not each.change.name}
    names = assets_by_uri(session, uris) if uris else {}
    return [_named(each, names) for each in events]


def _named(event: NewEvent, names: Mapping[str, str]) -> NewEvent:
    change = event.change
    if change.name:
        return event
    name = names.get(change.uri, change.uri)
    return NewEvent(Change(**{**_fields(change), "name": name}), event.source)


def _fields(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in Change.__slots__}


def _declared(event: NewEvent) -> Data:
    change = event.change
    return {
        "asset": change.name,
        "uri": change.uri,
        "group": change.group,
        "extra": change.asset_extra,
        "freshness": change.freshness,
    }


def _make_known(session: Session, now: datetime, events: Sequence[NewEvent]) -> None:
    """Have each event belong to an asset, also one that was only referred to."""
    named = {each.change.name: each for each in events if each.change.asset_extra is None}
    known: set[str] = set()
    for batch in in_batches(sorted(named)):
        known.update(session.scalars(sa.select(S.name).where(S.name.in_(batch))))
    put_assets(
        session, now, [{**_declared(each), "extra": {}} for name, each in named.items() if name not in known]
    )


def _values(event: NewEvent, now: datetime) -> dict[str, Any]:
    change, source = event.change, event.source
    return {
        "name": change.name,
        "at": now,
        "extra": change.extra,
        "dag_id": source.dag_id,
        "run_id": source.run_id,
        "task_id": source.task_id,
        "path": source.path,
        "alias": change.alias,
        "partition_key": change.partition_key,
        "actor": source.actor,
    }


_CONSUMERS: Final = (
    sa.select(U.dag_id, U.kind, U.value, U.role)
    .join(dag, D.dag_id == U.dag_id)
    .where(
        one_of(U.value, "marks"), U.role.in_(["partition", "schedule"]), D.retired_at.is_(None), ~D.is_paused
    )
)


def _queue(session: Session, changes: Mapping[int, Change]) -> None:
    uris = _uris(session, {each.name for each in changes.values()})
    bearing: defaultdict[Mark, list[int]] = defaultdict(list)
    for event_id, change in changes.items():
        for mark in _marks(change.name, uris[change.name], change.alias):
            bearing[mark].append(event_id)
    found = session.execute(_CONSUMERS, {"marks": sorted({mark.value for mark in bearing})})
    wanted = sorted(
        {
            (row.dag_id, event_id)
            for row in found
            for event_id in bearing.get(Mark(row.kind, row.value), ())
            if (row.role == "partition") == bool(changes[event_id].partition_key)
        }
    )
    if wanted:
        rows = [{"dag_id": dag_id, "event_id": event_id} for dag_id, event_id in wanted]
        session.execute(sa.insert(asset_queue), rows)


def _uris(session: Session, names: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for batch in in_batches(sorted(names)):
        rows = session.execute(sa.select(S.name, S.uri).where(S.name.in_(batch)))
        found |= {row.name: row.uri for row in rows}
    return found


def _marks(name: str, uri: str, alias: str) -> frozenset[Mark]:
    aliases = [Mark("alias", alias)] if alias else []
    return frozenset([Mark("name", name), Mark("uri", uri), *aliases])


_NEWS: Final = (
    sa.select(
        D.dag_id,
        D.version_id,
        D.snapshot_id,
        D.bundle_version,
        sa.or_(D.is_paused, D.retired_at.is_not(None)),
    )
    .where(D.dag_id.in_(sa.select(Q.dag_id).where(is_raised(Q.is_new))))
    .where(sa.or_(D.aside_until.is_(None), D.aside_until <= sa.bindparam("now", type_=D.aside_until.type)))
    .order_by(D.dag_id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
)
_QUEUED: Final = (
    sa.select(Q.dag_id, Q.event_id, E.at, E.name, S.uri, E.alias, E.partition_key, Q.partition_key)
    .join(asset_event, E.id == Q.event_id)
    .join(asset, S.name == E.name)
    .where(one_of(Q.dag_id, "dag_ids"))
    .order_by(Q.dag_id, Q.event_id, Q.partition_key)
)


def dags_with_news(session: Session, now: datetime, limit: int) -> list[NewsOf]:
    """Return DAGs for which events have come that nobody has looked at, at most `limit`; none that is set aside."""
    return [NewsOf(*row) for row in session.execute(_NEWS, {"now": now, "room": limit})]


def queued_events(session: Session, dag_ids: Collection[str]) -> dict[str, list[Queued]]:
    """Return the events that DAGs have yet to run for, oldest first."""
    found: defaultdict[str, list[Queued]] = defaultdict(list)
    for row in session.execute(_QUEUED, {"dag_ids": sorted(dag_ids)}):
        dag_id, event_id, at, name, uri, alias, key, target = row
        found[dag_id].append(Queued(event_id, at, _marks(name, uri, alias), name, key, target))
    return found


def note_looked_at(session: Session, dag_id: str, event_ids: Collection[int]) -> None:
    """Say that these events alone do not begin a run."""
    if event_ids:
        statement = sa.update(asset_queue).where(Q.dag_id == dag_id, one_of(Q.event_id, "ids"), Q.is_new)
        session.execute(statement.values(is_new=False), {"ids": sorted(event_ids)})


def consume_events(session: Session, dag_id: str, run_pk: int, queued: Sequence[Queued]) -> None:
    """Take events out of a DAG's queue for the run that they begin."""
    drop_queued(session, dag_id, queued)
    rows = [
        {"run_pk": run_pk, "event_id": event_id} for event_id in sorted({each.event_id for each in queued})
    ]
    session.execute(sa.insert(dag_run_event), rows)


def drop_queued(session: Session, dag_id: str, queued: Sequence[Queued]) -> None:
    """Take events out of a DAG's queue."""
    keys: defaultdict[str, list[int]] = defaultdict(list)
    for each in queued:
        keys[each.target_key].append(each.event_id)
    for key, ids in sorted(keys.items()):
        statement = sa.delete(asset_queue).where(
            Q.dag_id == dag_id, Q.partition_key == key, one_of(Q.event_id, "ids")
        )
        session.execute(statement, {"ids": sorted(ids)})


def queue_targets(session: Session, dag_id: str, queued: Queued, keys: Sequence[str]) -> None:
    """Queue an event of a partition for the runs that it counts for, in place of itself."""
    drop_queued(session, dag_id, [queued])
    rows = [{"dag_id": dag_id, "event_id": queued.event_id, "partition_key": key} for key in keys]
    if rows:
        session.execute(sa.insert(asset_queue), rows)


def drop_orphans(session: Session) -> None:
    """Forget new events of DAGs that are gone: each was queued while its DAG was being deleted."""
    is_known = sa.exists(sa.select(sa.literal(1)).where(D.dag_id == Q.dag_id))
    session.execute(sa.delete(asset_queue).where(is_raised(Q.is_new), ~is_known))


def drop_queue(session: Session, dag_id: str) -> None:
    """Forget the events that a DAG has yet to run for."""
    session.execute(sa.delete(asset_queue).where(Q.dag_id == dag_id))
