"""What Airflow's API has no shape for, under `/api/dirigent`."""

from __future__ import annotations

from scheduler.core.spans import span_of
from scheduler.security.rights import Right
from scheduler.store.views.costs import list_spent, total_of
from scheduler.store.views.fields import spent_fields
from webui.api.frame import Fields, Routes
from webui.api.shapes import own as shapes
from webui.context import now, reading, web
from webui.narrowing import narrowing
from webui.rights import needs

routes = Routes("api_own", "/api/dirigent", tag="Dirigent")


@routes.get("/cost", answers=shapes.Costs)
@needs(Right.DAG_READ)
def show_cost(query: shapes.CostWanted) -> Fields:
    """Return what was spent in a span, by DAG, owner, team or day."""
    span = span_of(query.since, query.until, now())
    with reading() as session:
        found = list_spent(session, query.by, span, narrowing())
    rows = [spent_fields(each, query.by, web().prices) for each in found]
    total = spent_fields(total_of(found), "name", web().prices)
    return {
        "cost": rows,
        "total": total,
        "since": span.start_at,
        "until": span.end_at,
        "total_entries": len(rows),
    }
