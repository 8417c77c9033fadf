"""Runs of all DAGs, newest first."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.operations.saved_filters import query_of
from scheduler.security.rights import Right
from scheduler.store.saved_filters import list_filters
from scheduler.store.views import runs
from webui.context import asker, reading
from webui.fragments import page
from webui.rights import needs
from webui.run_filters import asked_runs, page_of_runs

blueprint = Blueprint("runs", __name__)

_PAGE = 50


@blueprint.get("/runs")
@needs(Right.DAG_READ)
def show() -> Response:
    """Show the runs that the filter leaves, a page at a time."""
    asked = asked_runs()
    with reading() as session:
        counts = runs.count_live(session)
        saved = list_filters(session, asker().name, "runs")
        found = page_of_runs(session, asked, _PAGE)
    return page("runs.html", counts=counts, saved=saved, query=query_of("runs", request.args), **found)
