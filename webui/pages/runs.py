"""Runs of all DAGs, newest first."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.store.views import runs
from webui.context import reading
from webui.fragments import page
from webui.numbers import number

blueprint = Blueprint("runs", __name__)

_PAGE = 50


@blueprint.get("/runs")
def show() -> Response:
    """Show runs, narrowed by state."""
    wanted = runs.RunWanted(state=request.args.get("state", ""))
    with reading() as session:
        found = runs.list_runs(
            session, wanted, limit=_PAGE + 1, before=request.args.get("before", type=number)
        )
    return page("runs.html", wanted=wanted, rows=found[:_PAGE], has_more=len(found) > _PAGE)
