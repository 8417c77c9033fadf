"""Pause and activate a DAG."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from scheduler.operations.pause import set_paused
from scheduler.security.rights import Right
from webui.context import actor, now, writing
from webui.rights import needs
from webui.security import safe_path

blueprint = Blueprint("pause", __name__)


@blueprint.post("/dags/<dag_id>/pause")
@needs(Right.DAG_EDIT)
def flip(dag_id: str) -> ResponseReturnValue:
    """Set whether the schedule starts runs of this DAG."""
    wanted = request.form.get("is_paused") == "true"
    writing(lambda session: set_paused(session, now(), [dag_id], is_paused=wanted, actor=actor()))
    if "X-Fragment" in request.headers:
        return "", 204
    return redirect(safe_path(request.form.get("next")), 303)
