"""Plugins: which there are, what they bring, and what is wrong with one."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response

from scheduler.security.rights import Right
from scheduler.store.listeners import errors_of_listeners
from webui.context import reading, web
from webui.fragments import page
from webui.rights import needs

blueprint = Blueprint("plugins", __name__)


@blueprint.get("/plugins")
@needs(Right.SERVER_READ)
def show() -> Response:
    """List them."""
    with reading() as session:
        deaf = errors_of_listeners(session)
    found = [
        replace(each, error="; ".join(filter(None, (each.error, deaf.get(each.name, "")))))
        for each in web().plugins.found
    ]
    return page("plugins.html", plugins=found)
