"""Keep a DAG at hand."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from scheduler.operations.favorites import set_favorite
from scheduler.security.rights import Right
from webui.context import asker, writing
from webui.rights import needs
from webui.security import safe_path

blueprint = Blueprint("favorites", __name__)


@blueprint.post("/dags/<dag_id>/favorite")
@needs(Right.DAG_READ)
def flip(dag_id: str) -> ResponseReturnValue:
    """Keep it as a favourite of whoever asks, or no longer."""
    wanted = request.form.get("is_favorite") == "true"
    writing(lambda session: set_favorite(session, dag_id, asker().name, is_favorite=wanted))
    if "X-Fragment" in request.headers:
        return "", 204
    return redirect(safe_path(request.form.get("next")), 303)
