"""Assets, aliases, their events, and the events that wait for a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from scheduler.errors import NotFound
from scheduler.operations.assets import emit_event, materialize
from scheduler.operations.finding import get_run
from scheduler.security.rights import Right
from scheduler.store.assets import asset_by_id
from scheduler.store.choices import Choice
from scheduler.store.dags import get_dag
from scheduler.store.views.asset_lists import (
    QueuedEntry,
    events_of_begun_run,
    forget_queued,
    list_queued,
    list_some_assets,
    list_some_events,
)
from scheduler.store.views.assets import view_asset
from scheduler.store.views.run_lists import find_entry
from webui.api.asset_fields import aliases_described, assets_described, events_described
from webui.api.frame import Fields, Routes
from webui.api.ordering import chosen
from webui.api.run_fields import described
from webui.api.shapes import assets as shapes
from webui.api.shapes.runs import Run
from webui.context import actor, now, reading, writing
from webui.rights import needs

routes = Routes("api_assets", "/api/v2", tag="Asset")


@routes.get("/assets", answers=shapes.Assets)
@needs(Right.ASSET_READ)
def get_assets(query: shapes.AssetsWanted) -> Fields:
    """Return the assets, by number or by `order_by`."""
    with reading() as session:
        found, total = list_some_assets(
            session, query.choice(), dag_ids=query.dag_ids, limit=query.count, offset=query.offset
        )
        return {"assets": assets_described(session, found, now()), "total_entries": total}


@routes.get("/assets/<int:asset_id>", answers=shapes.Asset)
@needs(Right.ASSET_READ)
def get_asset(asset_id: int) -> Fields:
    """Return one asset."""
    with reading() as session:
        asset_by_id(session, asset_id)
        found, _ = list_some_assets(session, Choice(among={"id": [asset_id]}), limit=1)
        return assets_described(session, found, now())[0]


@routes.get("/assets/aliases", answers=shapes.Aliases)
@needs(Right.ASSET_READ)
def get_asset_aliases(query: shapes.AliasesWanted) -> Fields:
    """Return the aliases that DAGs name."""
    with reading() as session:
        found = chosen(aliases_described(session), query.choice())
    return {"asset_aliases": query.part(found), "total_entries": len(found)}


@routes.get("/assets/aliases/<int:asset_alias_id>", answers=shapes.Alias)
@needs(Right.ASSET_READ)
def get_asset_alias(asset_alias_id: int) -> Fields:
    """Return one alias."""
    with reading() as session:
        for each in aliases_described(session):
            if each["id"] == asset_alias_id:
                return each
    raise NotFound("asset alias", str(asset_alias_id))


@routes.get("/assets/events", answers=shapes.AssetEvents)
@needs(Right.ASSET_READ)
def get_asset_events(query: shapes.EventsWanted) -> Fields:
    """Return changes of assets, the newest first or by `order_by`."""
    choice = query.choice()
    if query.source_map_index is not None:
        among = {**choice.among, "source_map_index": [str(query.source_map_index)]}
        choice = replace(choice, among=among)
    with reading() as session:
        if query.asset_id is not None:
            asset_by_id(session, query.asset_id)
        found, total = list_some_events(session, choice, limit=query.count, offset=query.offset)
        return {"asset_events": events_described(session, found), "total_entries": total}


@routes.post("/assets/events", answers=shapes.AssetEvent)
@needs(Right.ASSET_EDIT)
def create_asset_event(body: shapes.EventBody) -> Fields:
    """Say that an asset has changed: what waits for it runs."""
    with reading() as session:
        name = asset_by_id(session, body.asset_id).name
    event_id = writing(
        lambda session: emit_event(
            session, now(), name, extra=body.extra, partition_key=body.partition_key or "", actor=actor()
        )
    )
    with reading() as session:
        found, _ = list_some_events(session, Choice(among={"id": [event_id]}), limit=1)
        return events_described(session, found)[0]


@routes.get("/dags/<dag_id>/dagRuns/<run_id>/upstreamAssetEvents", answers=shapes.AssetEvents)
@needs(Right.DAG_READ)
def get_upstream_asset_events(dag_id: str, run_id: str) -> Fields:
    """Return the events that began a run."""
    with reading() as session:
        found = events_of_begun_run(session, get_run(session, dag_id, run_id).id)
        return {"asset_events": events_described(session, found), "total_entries": len(found)}


@routes.get("/assets/<int:asset_id>/queuedEvents", answers=shapes.QueuedEvents)
@needs(Right.ASSET_READ)
def get_asset_queued_events(asset_id: int, query: shapes.QueuedWanted) -> Fields:
    """Return the DAGs that have yet to run for an asset."""
    return _queued(query.before, asset_id=asset_id)


@routes.get("/dags/<dag_id>/assets/queuedEvents", answers=shapes.QueuedEvents)
@needs(Right.DAG_READ)
def get_dag_asset_queued_events(dag_id: str, query: shapes.QueuedWanted) -> Fields:
    """Return the assets that a DAG has yet to run for."""
    return _queued(query.before, dag_id=dag_id)


@routes.get("/dags/<dag_id>/assets/<int:asset_id>/queuedEvents", answers=shapes.Queued)
@needs(Right.DAG_READ)
def get_dag_asset_queued_event(dag_id: str, asset_id: int, query: shapes.QueuedWanted) -> Fields:
    """Return since when an asset has waited for a run of a DAG."""
    found: list[Fields] = _queued(query.before, dag_id=dag_id, asset_id=asset_id)["queued_events"]
    if not found:
        raise NotFound("queued event", f"{dag_id}/{asset_id}")
    return found[0]


@routes.delete("/assets/<int:asset_id>/queuedEvents")
@needs(Right.ASSET_EDIT)
def delete_asset_queued_events(asset_id: int, query: shapes.QueuedWanted) -> None:
    """Have no DAG run for what an asset has waiting."""
    _forget(query.before, asset_id=asset_id)


@routes.delete("/dags/<dag_id>/assets/queuedEvents")
@needs(Right.DAG_RUN)
def delete_dag_asset_queued_events(dag_id: str, query: shapes.QueuedWanted) -> None:
    """Have a DAG not run for what waits for it."""
    _forget(query.before, dag_id=dag_id)


@routes.delete("/dags/<dag_id>/assets/<int:asset_id>/queuedEvents")
@needs(Right.DAG_RUN)
def delete_dag_asset_queued_event(dag_id: str, asset_id: int, query: shapes.QueuedWanted) -> None:
    """Have a DAG not run for what waits of one asset."""
    _forget(query.before, dag_id=dag_id, asset_id=asset_id)


def _entries(before: datetime | None, dag_id: str | None, asset_id: int | None) -> list[QueuedEntry]:
    """Return what waits, among what whoever asks may see. Raises NotFound."""
    with reading() as session:
        if dag_id is not None:
            get_dag(session, dag_id)
        if asset_id is not None:
            asset_by_id(session, asset_id)
        return list_queued(session, dag_id=dag_id, asset_id=asset_id, before=before)


def _queued(before: datetime | None, *, dag_id: str | None = None, asset_id: int | None = None) -> Fields:
    queued = [
        {
            "dag_id": each.dag_id,
            "asset_id": each.asset_id,
            "created_at": each.at,
            "dag_display_name": each.display_name or each.dag_id,
        }
        for each in _entries(before, dag_id, asset_id)
    ]
    return {"queued_events": queued, "total_entries": len(queued)}


def _forget(before: datetime | None, *, dag_id: str | None = None, asset_id: int | None = None) -> None:
    dag_ids = {each.dag_id for each in _entries(before, dag_id, asset_id)}
    if not dag_ids:
        raise NotFound("queued event", "/".join(str(each) for each in (dag_id, asset_id) if each is not None))
    writing(lambda session: forget_queued(session, dag_ids, asset_id=asset_id, before=before))


@routes.post("/assets/<int:asset_id>/materialize", answers=Run)
@needs(Right.ASSET_EDIT, Right.DAG_RUN)
def materialize_asset(asset_id: int, body: shapes.Materialize) -> Fields:
    """Start a run of the DAG that makes an asset."""
    with reading() as session:
        shown = view_asset(session, asset_by_id(session, asset_id).name)
    run = writing(
        lambda session: materialize(
            session,
            now(),
            shown.name,
            seen=shown.made_by,
            conf=body.conf,
            run_id=body.dag_run_id,
            note=body.note or "",
            partition_key=body.partition_key,
            actor=actor(),
        )
    )
    with reading() as session:
        return described(find_entry(session, run.dag_id, run.run_id))
