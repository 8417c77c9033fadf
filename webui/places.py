"""The pages about the server: what is set, what it works with, who may come in. Each is offered to whom it is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Flask, current_app

from scheduler.security.rights import Right
from webui.context import asker
from webui.rights import may
from webui.tongues.speaking import marked


@dataclass(frozen=True, slots=True)
class Place:
    """A page."""

    key: str
    label: str
    endpoint: str
    right: Right


PLACES: Final = (
    Place("variables", marked("Variables"), "variables.show", Right.VARIABLE_READ),
    Place("connections", marked("Connections"), "connections.show", Right.CONNECTION_READ),
    Place("pools", marked("Pools"), "pools.show", Right.POOL_READ),
    Place("servers", marked("Workers"), "servers.show", Right.SERVER_READ),
    Place("deploys", marked("Deploys"), "deploys.show", Right.SERVER_READ),
    Place("settings", marked("Settings"), "settings.show", Right.SETTING_READ),
    Place("audit", marked("Record"), "audit.show", Right.AUDIT_READ),
    Place("users", marked("Users"), "users.show", Right.USER_EDIT),
)


def open_places() -> list[Place]:
    """Return the pages that are there and open to whoever asks."""
    if not asker().is_known:
        return []
    return [each for each in PLACES if each.endpoint in current_app.view_functions and may(each.right)]


def register(app: Flask) -> None:
    """Let templates ask for them."""
    app.context_processor(lambda: {"open_places": open_places})
