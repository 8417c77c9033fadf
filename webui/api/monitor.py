"""Version and health."""

from __future__ import annotations

from flask import Blueprint, Response

from scheduler.store.leaders import has_leader
from scheduler.store.views.home import count_slots
from webui.context import now, reading, web
from webui.fragments import data
from webui.rights import needs

blueprint = Blueprint("api_monitor", __name__, url_prefix="/api/v2")


@blueprint.get("/version")
@needs()
def show_version() -> Response:
    """Return the version of this program."""
    return data(version=web().version, git_version=None)


@blueprint.get("/monitor/health")
@needs()
def health() -> Response:
    """Return whether database, scheduler and workers answer."""
    with reading() as session:
        slots, leads = count_slots(session, now()), has_leader(session)
    workers = {"status": "healthy" if slots.workers else "unhealthy", "count": slots.workers}
    scheduler = {"status": "healthy" if leads else "unhealthy"}
    return data(metadatabase={"status": "healthy"}, scheduler=scheduler, workers=workers)
