"""Watchers of assets: triggers outside of any run, whose events are events of assets.

DAG files declare them; the same trigger with the same arguments is watched once, however many DAGs and assets name it,
by whichever live worker took it. Like waits, it has no lease of its own (`docs/decisions/014-waits.md`).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.assets import Change, leaves
from scheduler.store.asset_events import NewEvent, Source, put_events
from scheduler.store.engine import Session
from scheduler.store.instants import db_now
from scheduler.store.lists import one_of
from scheduler.store.tables import asset_watch, asset_watcher, dag, worker
from scheduler.store.upsert import insert_into
from scheduler.wire import DagSpec, Data, Json

W = asset_watch.c
A = asset_watcher.c
D = dag.c

_LIVES: Final = sa.and_(worker.c.stopped_at.is_(None), worker.c.lease_until > db_now())
_IS_ACTIVE: Final = sa.and_(D.retired_at.is_(None), ~D.is_paused)
_DECLARED: Final = sa.exists(
    sa.select(sa.literal(1)).join(dag, D.dag_id == A.dag_id).where(A.key == W.key, _IS_ACTIVE)
)


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A trigger that is watched for assets, and the DAG whose code it is made of."""

    id: int
    key: str
    trigger: str
    kwargs: Data
    dag_id: str
    version_id: int
    snapshot_id: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A watcher of an asset, as people see it."""

    name: str
    trigger: str
    hostname: str | None  #: of the live worker that watches
    error: str


def put_watchers(session: Session, specs: Sequence[DagSpec]) -> None:
    """Write which triggers DAGs want watched, in place of what they wanted before."""
    session.execute(
        sa.delete(asset_watcher).where(one_of(A.dag_id, "dag_ids")),
        {"dag_ids": [each.dag_id for each in specs]},
    )
    wanted = [each for spec in specs for each in _declared(spec)]
    if not wanted:
        return
    watches = {row["key"]: {name: row.pop(name) for name in ("trigger", "kwargs")} for row in wanted}
    session.execute(
        insert_into(session, asset_watcher).on_conflict_do_nothing(),
        [{name: row[name] for name in ("dag_id", "name", "watcher", "key")} for row in wanted],
    )
    rows = [{"key": key, **made} for key, made in sorted(watches.items())]
    session.execute(insert_into(session, asset_watch).on_conflict_do_nothing(index_elements=[W.key]), rows)


def _declared(spec: DagSpec) -> Iterator[dict[str, Any]]:
    for leaf in leaves(spec.schedule.assets) if spec.schedule.assets else ():
        for each in leaf.get("watchers", ()):
            made = {"trigger": each["trigger"], "kwargs": each["kwargs"]}
            key = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
            yield {"dag_id": spec.dag_id, "name": leaf["asset"], "watcher": each["name"], "key": key, **made}


def watches_of(session: Session, now: datetime, worker_id: str) -> tuple[dict[int, int], bool, set[str]]:
    """Return what concerns a worker: the watches that are its own with the version of their code, where they are
    still wanted; whether nobody watches another one; and the workers that watch some and do not live any more.
    """
    query = sa.select(W.id, W.worker_id, W.retry_at, _DECLARED, _newest_version(), sa.exists(_live_watcher()))
    mine: dict[int, int] = {}
    gone: set[str] = set()
    is_any = False
    for watch_id, holder, retry_at, is_wanted, version_id, is_alive in session.execute(query):
        if holder == worker_id and is_wanted:
            mine[watch_id] = version_id
        elif holder is None:
            is_any = is_any or (is_wanted and (retry_at is None or retry_at <= now))
        elif holder != worker_id and not is_alive:
            gone.add(holder)
    return mine, is_any, gone


def _newest_version() -> sa.ScalarSelect[Any]:
    rows = sa.select(sa.func.max(D.version_id)).join(asset_watcher, A.dag_id == D.dag_id)
    return rows.where(A.key == W.key, _IS_ACTIVE).scalar_subquery()


def _live_watcher() -> sa.Select[Any]:
    return sa.select(sa.literal(1)).where(worker.c.id == W.worker_id, _LIVES)


def claim_watches(session: Session, now: datetime, worker_id: str, limit: int) -> list[WatchRow]:
    """Have a worker watch what nobody does; those that failed are left out until it is time to try them again."""
    free = (
        sa.select(W.id, W.key, W.trigger, W.kwargs)
        .where(W.worker_id.is_(None), sa.or_(W.retry_at.is_(None), W.retry_at <= now), _DECLARED)
        .order_by(W.id)
        .limit(limit)
        .with_for_update(of=asset_watch, skip_locked=True)
    )
    found = session.execute(free).all()
    codes = _codes(session, {row.key for row in found})
    taken = [
        WatchRow(row.id, row.key, row.trigger, row.kwargs, *codes[row.key])
        for row in found
        if row.key in codes
    ]
    if taken:
        mine = sa.update(asset_watch).where(one_of(W.id, "ids")).values(worker_id=worker_id, error="")
        session.execute(mine, {"ids": [each.id for each in taken]})
    return taken


def _codes(session: Session, keys: Collection[str]) -> dict[str, tuple[str, int, int]]:
    """Return for each trigger the newest code of the DAGs that declare it."""
    query = sa.select(A.key, D.dag_id, D.version_id, D.snapshot_id).join(dag, D.dag_id == A.dag_id)
    query = query.where(one_of(A.key, "keys"), _IS_ACTIVE).order_by(D.version_id)
    rows = session.execute(query, {"keys": sorted(keys)})
    return {row.key: (row.dag_id, row.version_id, row.snapshot_id) for row in rows}


def release_watches(session: Session, worker_ids: Collection[str]) -> None:
    """Let others watch what these workers did."""
    if worker_ids:
        statement = sa.update(asset_watch).where(one_of(W.worker_id, "workers")).values(worker_id=None)
        session.execute(statement, {"workers": sorted(worker_ids)})


def drop_watches(session: Session, worker_id: str, ids: Collection[int]) -> None:
    """Watch some no longer: nobody wants them, or their code has changed."""
    if ids:
        mine = sa.update(asset_watch).where(one_of(W.id, "ids"), W.worker_id == worker_id)
        session.execute(mine.values(worker_id=None, retry_at=None), {"ids": sorted(ids)})


def end_watch(session: Session, worker_id: str, watch_id: int, retry_at: datetime, error: str) -> None:
    """Note that a trigger has ended, by itself or by an error; it is watched anew from an instant on."""
    mine = sa.update(asset_watch).where(W.id == watch_id, W.worker_id == worker_id)
    session.execute(mine.values(worker_id=None, retry_at=retry_at, error=error))


def record_events(
    session: Session, now: datetime, worker_id: str, happened: Sequence[tuple[int, Json]]
) -> list[int]:
    """Write what triggers told as events of the assets that they are watched for; return the events' ids.

    What a worker watches no longer is passed over.
    """
    ids = sorted({watch_id for watch_id, _ in happened})
    mine = sa.select(W.id, W.key).where(one_of(W.id, "ids"), W.worker_id == worker_id).order_by(W.id)
    keys = {row.id: row.key for row in session.execute(mine.with_for_update(), {"ids": ids})}
    names = _names(session, set(keys.values()))
    events = [
        NewEvent(
            Change(name=name, extra={"from_trigger": True, "payload": payload}), Source(actor=f"watcher:{by}")
        )
        for watch_id, payload in happened
        for name, by in names.get(keys.get(watch_id, ""), ())
    ]
    return put_events(session, now, events)


def _names(session: Session, keys: Collection[str]) -> Mapping[str, Iterable[tuple[str, str]]]:
    """Return by which assets a trigger is named, and as which watcher."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    query = sa.select(A.key, A.name, A.watcher).join(dag, D.dag_id == A.dag_id)
    query = query.where(one_of(A.key, "keys"), _IS_ACTIVE).order_by(A.name, A.watcher.desc())
    for row in session.execute(query, {"keys": sorted(keys)}):
        found[row.key][row.name] = row.watcher
    return {key: sorted(names.items()) for key, names in found.items()}


def watchers_of(session: Session, name: str) -> list[Shown]:
    """Return the watchers of an asset that are wanted now."""
    query = (
        sa.select(A.watcher, W.trigger, worker.c.hostname, W.error)
        .distinct()
        .join(asset_watch, W.key == A.key)
        .join(dag, D.dag_id == A.dag_id)
        .outerjoin(worker, sa.and_(worker.c.id == W.worker_id, _LIVES))
        .where(A.name == name, _IS_ACTIVE)
        .order_by(A.watcher)
    )
    return [Shown(*row) for row in session.execute(query)]
