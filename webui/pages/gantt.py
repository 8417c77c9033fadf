"""A run over time: when its tasks waited and ran, and which of them it took its time for."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.core.critical_path import critical_path
from scheduler.security.rights import Right
from scheduler.store.tables import ACTIVE_RUNS
from scheduler.store.views.timelines import list_bars
from webui import timelines
from webui.context import now, reading, spec_of
from webui.fragments import page
from webui.numbers import number
from webui.pages.run import run_head
from webui.rights import needs

blueprint = Blueprint("gantt", __name__)

_ROWS = 200


@blueprint.get("/dags/<dag_id>/runs/<run_id>/gantt")
@needs(Right.DAG_READ)
def show(dag_id: str, run_id: str) -> Response:
    """Show all tasks that began, or those on the critical path."""
    head, only = run_head(dag_id, run_id), request.args.get("only", "")
    run = head["run"]
    with reading() as session:
        bars = list_bars(session, run.id)
        spec = spec_of(session, run.version_id)
    until = timelines.present(now()) if run.state in ACTIVE_RUNS else run.end_date or run.queued_at
    upstream = {task.task_id: task.upstream for task in spec.tasks}
    critical = critical_path(upstream, timelines.ends_of(bars, until))
    chart = timelines.draw(bars, critical, run.start_date or run.queued_at, until)
    rows = [row for row in chart.rows if only != "critical" or row.is_critical]
    place = max(1, request.args.get("page", 1, type=number))
    return page(
        "run_gantt.html",
        tab="gantt",
        chart=chart,
        rows=rows[(place - 1) * _ROWS : place * _ROWS],
        number=place,
        last=max(1, -(-len(rows) // _ROWS)),
        only=only,
        critical=critical,
        width=timelines.WIDTH,
        **head,
    )
