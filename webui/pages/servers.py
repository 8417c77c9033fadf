"""Workers, the leading scheduler and the queues; and the settings in force."""

from __future__ import annotations

from flask import Blueprint, Response

from scheduler.security.rights import Right
from scheduler.store.views.queues import list_lags, list_workers
from scheduler.store.views.servers import list_servers
from webui.context import now, reading, web
from webui.fragments import page
from webui.rights import needs

blueprint = Blueprint("servers", __name__)
settings = Blueprint("settings", __name__)


@blueprint.get("/workers")
@needs(Right.SERVER_READ)
def show() -> Response:
    """Show who works and leads, and what waits in each queue."""
    with reading() as session:
        servers = list_servers(session)
        queues = list_lags(session, list_workers(session, now()))
    return page("servers.html", servers=servers, queues=queues)


@settings.get("/settings", endpoint="show")
@needs(Right.SETTING_READ)
def show_settings() -> Response:
    """Show the settings in force, where each was set, and what it means; secrets are masked."""
    return page("settings.html", settings=web().settings, version=web().version)
