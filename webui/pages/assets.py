"""Assets: what there is, who makes it, what runs for it, and when it changed."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from scheduler.core.assets import Mark
from scheduler.errors import BadConf, Conflict
from scheduler.operations.assets import emit_event, materialize
from scheduler.operations.conf import read_conf
from scheduler.operations.states import read_asset_states
from scheduler.security.rights import Right
from scheduler.store.asset_checks import checks_of
from scheduler.store.asset_history import list_events
from scheduler.store.asset_watches import watchers_of
from scheduler.store.views.assets import AssetView, uses_of_asset, view_asset, view_assets
from scheduler.store.views.partitions import waiting_partitions
from webui.context import actor, now, reading, writing
from webui.filters import run_url
from webui.fragments import is_sheet, page
from webui.rights import needs, require
from webui.tongues.speaking import gettext, marked

blueprint = Blueprint("assets", __name__)

_EVENTS = 100
_TITLES = {"change": marked("Say that %(name)s changed"), "make": marked("Make %(name)s")}


@blueprint.get("/assets")
@needs(Right.ASSET_READ)
def show() -> Response:
    """Show all assets."""
    with reading() as session:
        found = view_assets(session)
    fresh = {each.name: each.judged(now()) for each in found}
    return page("assets.html", assets=found, fresh=fresh)


@blueprint.get("/asset")
@needs(Right.ASSET_READ)
def show_one() -> Response:
    """Show one asset with its newest events; its name may hold any character, so it is no part of the path."""
    with reading() as session:
        asset = view_asset(session, request.args.get("name", ""))
        checks = checks_of(session, [asset.name, asset.uri])
        uses, watchers = uses_of_asset(session, asset), watchers_of(session, asset.name)
        by_partition = {each.dag_id for each in uses if each.role == "partition"}
        partitions = waiting_partitions(session, by_partition) if by_partition else []
        events = list_events(session, Mark("name", asset.name), limit=_EVENTS)
        kept = read_asset_states(session, now(), asset.name)
    return page(
        "asset.html",
        asset=asset,
        uses=uses,
        checks=checks,
        fresh=asset.judged(now()),
        watchers=watchers,
        partitions=partitions,
        events=events,
        kept=kept,
    )


@blueprint.get("/asset/form")
@needs(Right.ASSET_EDIT)
def form() -> str:
    """Ask what is to be said of an asset, or whether to make it."""
    with reading() as session:
        asset = view_asset(session, request.args.get("name", ""))
    return _form(asset, request.args.get("what", "change"))


@blueprint.post("/asset/form")
@needs(Right.ASSET_EDIT)
def act() -> ResponseReturnValue:
    """Write an event of an asset, or start a run of the DAG that makes it."""
    with reading() as session:
        asset = view_asset(session, request.form.get("name", ""))
    what = request.args.get("what", "change")
    try:
        return redirect(_change(asset) if what == "change" else _make(asset), 303)
    except (BadConf, Conflict) as error:
        return _form(asset, what, str(error)), 400


def _change(asset: AssetView) -> str:
    extra, key = (
        read_conf(request.form.get("extra", ""), "extra"),
        request.form.get("partition_key", "").strip(),
    )
    writing(
        lambda session: emit_event(session, now(), asset.name, extra=extra, partition_key=key, actor=actor())
    )
    flash(gettext("%(name)s has changed.", name=asset.name))
    return url_for("assets.show_one", name=asset.name)


def _make(asset: AssetView) -> str:
    for maker in asset.made_by:
        require(Right.DAG_RUN, dag_id=maker)
    run = writing(lambda session: materialize(session, now(), asset.name, seen=asset.made_by, actor=actor()))
    flash(gettext("%(dag_id)s was triggered.", dag_id=run.dag_id))
    return run_url(run.dag_id, run.run_id)


def _form(asset: AssetView, what: str, problem: str = "") -> str:
    if what not in _TITLES:
        raise NoSuchPage
    title = gettext(_TITLES[what], name=asset.name)
    return render_template(
        "asset_form.html", as_sheet=is_sheet(), asset=asset, what=what, title=title, problem=problem
    )
