"""Which DAGs make which assets, and which run for them or read them: a graph over all DAGs."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from scheduler.security.rights import Right
from scheduler.store.views.assets import AssetView, view_assets
from webui.context import now, reading
from webui.fragments import data, page
from webui.rights import needs
from webui.tongues.speaking import gettext

blueprint = Blueprint("lineage", __name__)

_STATES = {"fresh": "success", "late": "up_for_retry", "stale": "failed"}


@blueprint.get("/assets/graph")
@needs(Right.ASSET_READ)
def show() -> Response:
    """Show the page."""
    with reading() as session:
        count = len(view_assets(session))
    return page("lineage.html", count=count)


@blueprint.get("/ui/assets/graph")
@needs(Right.ASSET_READ)
def graph() -> Response:
    """Return assets and DAGs as nodes, and who makes and reads what as arrows."""
    with reading() as session:
        found = view_assets(session)
    dag_ids = sorted({dag_id for each in found for dag_id in (*each.made_by, *each.begins, *each.read_by)})
    nodes = [*(_node(f"dag:{dag_id}", dag_id, "DAG") for dag_id in dag_ids), *map(_asset_node, found)]
    return data(nodes=nodes, edges=[edge for each in found for edge in _edges(each)])


def _asset_node(asset: AssetView) -> dict[str, object]:
    return _node(f"asset:{asset.name}", asset.name, _said(asset.promise))


def _said(more: str) -> str:
    """Return what stands below the name of an asset."""
    return ", ".join(filter(None, [gettext("asset"), more]))


def _node(name: str, label: str, more: str) -> dict[str, object]:
    return {"id": name, "label": label, "parent": None, "is_group": False, "more": more}


def _edges(asset: AssetView) -> list[list[str]]:
    """Return the arrows of an asset; a DAG that reads it without running for it says so."""
    own = f"asset:{asset.name}"
    reads = [each for each in asset.read_by if each not in asset.begins]
    return [
        *([f"dag:{dag_id}", own] for dag_id in asset.made_by),
        *([own, f"dag:{dag_id}"] for dag_id in asset.begins),
        *([own, f"dag:{dag_id}", gettext("reads")] for dag_id in reads if dag_id not in asset.made_by),
    ]


@blueprint.get("/ui/assets/states")
@needs(Right.ASSET_READ)
def states() -> Response:
    """Return how fresh each asset is, and where its node leads."""
    with reading() as session:
        found = view_assets(session)
    assets = {f"asset:{each.name}": _state(each) for each in found}
    dag_ids = {dag_id for each in found for dag_id in (*each.made_by, *each.begins, *each.read_by)}
    dags = {
        f"dag:{dag_id}": {"state": "none", "more": "DAG", "href": url_for("dag.show", dag_id=dag_id)}
        for dag_id in sorted(dag_ids)
    }
    return data(tasks=assets | dags)


def _state(asset: AssetView) -> dict[str, object]:
    fresh = asset.judged(now())
    more = _said(gettext(fresh) if fresh else "" if asset.changed_at else gettext("never made yet"))
    href = url_for("assets.show_one", name=asset.name)
    return {"state": _STATES.get(fresh or "", "none"), "more": more, "href": href}
