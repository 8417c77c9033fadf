"""Plugins: which there are, what they bring, and what is wrong with one."""

from __future__ import annotations

from flask import Blueprint, Response

from webui.context import web
from webui.fragments import page

blueprint = Blueprint("plugins", __name__)


@blueprint.get("/plugins")
def show() -> Response:
    """List them."""
    return page("plugins.html", plugins=list(web().plugins.found))
