"""Runs of all DAGs, newest first."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.operations.saved_filters import query_of
from scheduler.security.rights import Right
from scheduler.store.saved_filters import list_filters
from scheduler.store.views import runs
from webui.context import asker, reading
from webui.fragments import page
from webui.numbers import number
from webui.rights import needs

blueprint = Blueprint("runs", __name__)

_PAGE = 50


@blueprint.get("/runs")
@needs(Right.DAG_READ)
def show() -> Response:
    """Show runs, narrowed by state and DAG."""
    wanted = runs.RunWanted(state=request.args.get("state", ""), text=request.args.get("q", "")[:200])
    with reading() as session:
        counts = runs.count_live(session)
        saved = list_filters(session, asker().name, "runs")
        found = runs.list_runs(
            session, wanted, limit=_PAGE + 1, before=request.args.get("before", type=number)
        )
    rows, has_more = found[:_PAGE], len(found) > _PAGE
    query = query_of("runs", request.args)
    shown = {"rows": rows, "has_more": has_more, "saved": saved, "query": query}
    return page("runs.html", wanted=wanted, counts=counts, **shown)
