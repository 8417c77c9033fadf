"""Assets and their events."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.core.assets import Mark
from scheduler.errors import BadParams
from scheduler.operations.assets import emit_event, materialize
from scheduler.operations.finding import get_run
from scheduler.security.rights import Right
from scheduler.store.asset_history import events_of_run, list_events
from scheduler.store.assets import asset_by_id
from scheduler.store.views.assets import asset_fields, event_fields, view_asset, view_assets
from webui.api.bodies import body
from webui.api.paging import window
from webui.context import actor, now, reading, writing
from webui.fragments import data
from webui.numbers import number
from webui.rights import needs

blueprint = Blueprint("api_assets", __name__, url_prefix="/api/v2")


@blueprint.get("/assets")
@needs(Right.ASSET_READ)
def show_all() -> Response:
    """Return the assets, by name."""
    wanted = window()
    with reading() as session:
        found = view_assets(session)
    shown = found[wanted.offset : wanted.offset + wanted.limit]
    return data(assets=[asset_fields(each, now()) for each in shown], total_entries=len(found))


@blueprint.get("/assets/<int:asset_id>")
@needs(Right.ASSET_READ)
def show(asset_id: int) -> Response:
    """Return one asset."""
    with reading() as session:
        return data(**asset_fields(view_asset(session, asset_by_id(session, asset_id).name), now()))


@blueprint.get("/assets/events")
@needs(Right.ASSET_READ)
def show_events() -> Response:
    """Return the newest events, of all assets or of one."""
    asset_id = request.args.get("asset_id", type=number)
    with reading() as session:
        mark = None if asset_id is None else Mark("name", asset_by_id(session, asset_id).name)
        found = list_events(session, mark, limit=window().limit)
    return data(asset_events=[event_fields(each) for each in found], total_entries=len(found))


@blueprint.post("/assets/events")
@needs(Right.ASSET_EDIT)
def create_event() -> Response:
    """Say that an asset has changed."""
    given = body({"asset_id", "extra", "partition_key"})
    asset_id, extra, key = given.get("asset_id"), given.get("extra", {}), given.get("partition_key") or ""
    if not isinstance(asset_id, int) or not isinstance(extra, dict) or not isinstance(key, str):
        raise BadParams("asset_id must be a number, extra an object, partition_key a text.")
    with reading() as session:
        name = asset_by_id(session, asset_id).name
    event_id = writing(
        lambda session: emit_event(session, now(), name, extra=extra, partition_key=key, actor=actor())
    )
    with reading() as session:
        (event,) = [each for each in list_events(session, Mark("name", name)) if each.id == event_id]
    return data(**event_fields(event))


@blueprint.post("/assets/<int:asset_id>/materialize")
@needs(Right.ASSET_EDIT, Right.DAG_RUN)
def make(asset_id: int) -> Response:
    """Start a run of the DAG that makes an asset."""
    with reading() as session:
        shown = view_asset(session, asset_by_id(session, asset_id).name)
    run = writing(lambda session: materialize(session, now(), shown.name, seen=shown.made_by, actor=actor()))
    return data(dag_id=run.dag_id, dag_run_id=run.run_id)


@blueprint.get("/dags/<dag_id>/dagRuns/<run_id>/upstreamAssetEvents")
@needs(Right.ASSET_READ)
def show_upstream_events(dag_id: str, run_id: str) -> Response:
    """Return the events that began a run."""
    with reading() as session:
        found = events_of_run(session, get_run(session, dag_id, run_id).id)
    return data(asset_events=[event_fields(each) for each in found], total_entries=len(found))
