"""Assets as DAG files declare them, and which DAG makes, reads and waits for which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.assets import Mark, leaves, mark_of
from scheduler.errors import NotFound
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import asset, asset_queue, asset_use, dag
from scheduler.store.upsert import insert_into
from scheduler.wire import DagSpec, Data

S = asset.c
U = asset_use.c
_USES: Final = sa.delete(asset_use).where(one_of(U.dag_id, "dag_ids"))
_LOOK_AGAIN: Final = sa.update(asset_queue).where(one_of(asset_queue.c.dag_id, "dag_ids")).values(is_new=True)


@dataclass(frozen=True, slots=True)
class AssetRow:
    """An asset as it was declared last."""

    id: int
    name: str
    uri: str
    group: str
    extra: Data
    freshness: Data | None


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """What a DAG, or a task of it, has to do with an asset: `role` is schedule, partition, inlet or outlet."""

    dag_id: str
    role: str
    task_id: str
    mark: Mark


def put_uses(session: Session, now: datetime, specs: Sequence[DagSpec]) -> None:
    """Write what parsed DAGs say of assets, in place of what they said before.

    Where files disagree on an asset, what was read last counts.
    """
    dag_ids = [spec.dag_id for spec in specs]
    if not dag_ids:
        return
    session.execute(_USES, {"dag_ids": dag_ids})
    uses = sorted({use for spec in specs for use in _uses(spec)})
    if not uses:
        return
    rows = [
        {"dag_id": each.dag_id, "role": each.role, "task_id": each.task_id, **each.mark._asdict()}
        for each in uses
    ]
    session.execute(sa.insert(asset_use), rows)
    put_assets(session, now, [each for spec in specs for _, _, each in _named(spec) if "asset" in each])
    look_again(session, [spec.dag_id for spec in specs if spec.schedule.assets])


def put_assets(session: Session, now: datetime, declared: Iterable[Data]) -> None:
    """Write assets, over what was known of them by their names."""
    rows = {
        each["asset"]: {
            "name": each["asset"],
            "uri": each.get("uri") or each["asset"],
            "group": each.get("group") or "asset",
            "extra": each.get("extra") or {},
            "updated_at": now,
            "freshness": each.get("freshness") or sa.null(),
        }
        for each in declared
    }
    if rows:
        insert = insert_into(session, asset)
        kept = {name: insert.excluded[name] for name in ("uri", "group", "extra", "updated_at", "freshness")}
        statement = insert.on_conflict_do_update(index_elements=[S.name], set_=kept)
        session.execute(statement, [rows[name] for name in sorted(rows)])


def look_again(session: Session, dag_ids: Sequence[str]) -> None:
    """Have the events looked at anew that DAGs have yet to run for: these wait for something else, or are resumed."""
    if dag_ids:
        session.execute(_LOOK_AGAIN, {"dag_ids": list(dag_ids)})


def _named(spec: DagSpec) -> Iterator[tuple[str, str, Data]]:
    role = "partition" if spec.schedule.partitions else "schedule"
    for each in leaves(spec.schedule.assets) if spec.schedule.assets else ():
        yield role, "", each
    for task in spec.tasks:
        for role, found in (("inlet", task.inlets), ("outlet", task.outlets)):
            for each in found or ():
                yield role, task.task_id, each


def _uses(spec: DagSpec) -> Iterator[Use]:
    for role, task_id, each in _named(spec):
        yield Use(spec.dag_id, role, task_id, mark_of(each))


def find_asset(session: Session, name: str) -> AssetRow | None:
    """Return an asset by its name, or by its URI where only one has it; None where there is none."""
    query = sa.select(S.id, S.name, S.uri, S.group, S.extra, S.freshness)
    found = session.execute(query.where(S.name == name)).one_or_none()
    if found is None:
        rows = session.execute(query.where(S.uri == name).limit(2)).all()
        found = rows[0] if len(rows) == 1 else None
    return None if found is None else AssetRow(*found)


def get_asset(session: Session, name: str) -> AssetRow:
    """Return an asset by its name or URI. Raises NotFound."""
    found = find_asset(session, name)
    if found is None:
        raise NotFound("asset", name, hint="`dirigent assets list` shows which there are.")
    return found


def asset_by_id(session: Session, asset_id: int) -> AssetRow:
    """Return an asset by its number. Raises NotFound."""
    row = session.execute(
        sa.select(S.id, S.name, S.uri, S.group, S.extra, S.freshness).where(S.id == asset_id)
    ).one_or_none()
    if row is None:
        raise NotFound("asset", str(asset_id), hint="`dirigent assets list` shows which there are.")
    return AssetRow(*row)


def list_assets(session: Session) -> list[AssetRow]:
    """Return all assets, by name."""
    query = sa.select(S.id, S.name, S.uri, S.group, S.extra, S.freshness).order_by(S.name)
    return [AssetRow(*row) for row in session.execute(query)]


def assets_by_uri(session: Session, uris: Iterable[str]) -> dict[str, str]:
    """Return the name of the asset that lies at each URI; of several the first by name."""
    found: dict[str, str] = {}
    for batch in in_batches(sorted(set(uris))):
        query = sa.select(S.uri, S.name).where(S.uri.in_(batch)).order_by(S.name.desc())
        found |= {row.uri: row.name for row in session.execute(query)}
    return found


def list_uses(session: Session, *, dag_id: str | None = None) -> list[Use]:
    """Return what DAGs that are not retired say of assets, or one of them."""
    query: sa.Select[Any] = sa.select(U.dag_id, U.role, U.task_id, U.kind, U.value)
    query = query.join(dag, dag.c.dag_id == U.dag_id).where(dag.c.retired_at.is_(None))
    if dag_id is not None:
        query = query.where(U.dag_id == dag_id)
    query = query.order_by(U.dag_id, U.role, U.task_id, U.kind, U.value)
    rows = session.execute(query)
    return [Use(dag_id, role, task_id, Mark(kind, value)) for dag_id, role, task_id, kind, value in rows]
