"""Deploys: what the DAG folder held and when, what changed with it, what runs on it; and files that do not load."""

from __future__ import annotations

from flask import Blueprint, Response

from scheduler.security.rights import Right
from scheduler.store.bundles import find_bundle
from scheduler.store.dag_files import list_import_errors
from scheduler.store.views.commits import find_commit
from scheduler.store.views.deploys import list_deploys
from webui.context import reading, web
from webui.fragments import page
from webui.rights import needs

blueprint = Blueprint("deploys", __name__)

_SHOWN = 20


@blueprint.get("/deploys")
@needs(Right.SERVER_READ)
def show() -> Response:
    """Show the newest, and the files that do not load."""
    with reading() as session:
        found = list_deploys(session, _SHOWN)
        broken = list_import_errors(session)
        commits = {each.id: find_commit(session, each.commit) for each in found if each.commit}
        source = find_bundle(session)
    return page(
        "deploys.html", deploys=found, broken=broken, commits=commits, source=source, folder=web().dags_folder
    )
