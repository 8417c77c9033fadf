"""What Airflow's API has no shape for, under `/api/dirigent`."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.core.spans import span_of
from scheduler.errors import BadParams
from scheduler.security.rights import Right
from scheduler.store.views.costs import BYS, list_spent, total_of
from scheduler.store.views.fields import spent_fields
from webui.context import now, reading, web
from webui.fragments import data
from webui.narrowing import narrowing
from webui.rights import needs

blueprint = Blueprint("api_own", __name__, url_prefix="/api/dirigent")


@blueprint.get("/cost")
@needs(Right.DAG_READ)
def show_cost() -> Response:
    """Return what was spent in a span, by DAG, owner, team or day."""
    by = next((each for each in BYS if each == request.args.get("by", "dag")), None)
    if by is None:
        raise BadParams(f"by={request.args['by'][:40]!r} is none of {', '.join(BYS)}.")
    span = span_of(request.args.get("since", "7d"), request.args.get("until", ""), now())
    with reading() as session:
        found = list_spent(session, by, span, narrowing())
    rows = [spent_fields(each, by, web().prices) for each in found]
    total = spent_fields(total_of(found), "name", web().prices)
    return data(cost=rows, total=total, since=span.start_at, until=span.end_at, total_entries=len(rows))
