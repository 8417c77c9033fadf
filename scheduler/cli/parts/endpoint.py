"""The small HTTP endpoint of a server: built where `metrics_port` asks for it, and looked for by `dirigent health`."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from scheduler.cli.compose.house import House
from scheduler.cli.parts.page import Page, address_of, is_loopback, listen
from scheduler.cli.version import own_version
from scheduler.config import Settings
from scheduler.errors import BadSetting
from scheduler.monitoring.endpoint import Endpoint
from scheduler.monitoring.monitor import Monitor


def monitor_of(house: House, role: str) -> Monitor:
    """Return what a server tells of itself. A worker leaves the state of the database to pages and schedulers."""
    return Monitor(
        house.db, house.clock, house.vitals, role=role, version=own_version(), tells_state=role != "worker"
    )


def bind_endpoint(settings: Settings) -> socket.socket | None:
    """Listen where the settings say; None where they do not. Raises BadSetting where that cannot or must not be."""
    if settings.metrics_port is None:
        return None
    if settings.metrics_token is None and not is_loopback(settings.metrics_host):
        remedy = "others reach this address: set DIRIGENT_METRICS_TOKEN too, or listen on 127.0.0.1"
        raise BadSetting("DIRIGENT_METRICS_HOST", settings.metrics_host, remedy)
    return listen(settings.metrics_host, settings.metrics_port, "DIRIGENT_METRICS_PORT")


def serve_endpoint(parts: ExitStack, house: House, monitor: Monitor) -> str | None:
    """Answer at the small endpoint until `parts` are closed; return its address, None where there is none."""
    listener = bind_endpoint(house.settings)
    if listener is None:
        return None
    parts.callback(listener.close)
    page = Page(Endpoint(monitor, house.metrics_token), listener, name="dirigent-endpoint")
    page.start()
    parts.callback(page.close)
    return address_of(listener)
