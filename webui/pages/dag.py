"""One DAG: grid, graph, runs, details."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from scheduler.core.alerts import rules_for
from scheduler.security.rights import Right
from scheduler.store import dag_files
from scheduler.store.backfills import active_backfill
from scheduler.store.views import dags, runs
from scheduler.store.views.alerts import rule_fields
from scheduler.store.views.assets import uses_of_dag
from scheduler.store.views.backfills import view_backfills
from scheduler.store.views.commits import find_commit
from scheduler.store.views.origins import find_taken_over
from scheduler.store.views.partitions import waiting_partitions
from webui.broken import list_broken
from webui.context import asker, reading, spec_of, web
from webui.fragments import page
from webui.numbers import number
from webui.rights import needs
from webui.run_filters import asked_runs, page_of_runs
from webui.words import schedule

blueprint = Blueprint("dag", __name__, url_prefix="/dags/<dag_id>")

_RUNS = 50
#: Columns of the grid.
_GRID_RUNS = 30
_MOST_RUNS = 200


def dag_head(dag_id: str) -> dict[str, Any]:
    """Return what stands at the head of each tab."""
    with reading() as session:
        dag = dags.find_dag(session, dag_id)
        spec = spec_of(session, dag.version_id)
        broken = [each for each in list_broken(session) if each.path == dag.file]
        version = dags.find_version(session, dag.version_id)
        commit = find_commit(session, dag.bundle_version)
        uses = uses_of_dag(session, dag_id)
        is_favorite = dag_id in dags.list_favorites(session, asker().name)
        active = active_backfill(session, dag_id)
        backfill = view_backfills(session, [active])[0] if active else None
        newest = runs.list_runs(session, runs.RunWanted(dag_id=dag_id), limit=1)
    return {
        "dag": dag,
        "spec": spec,
        "schedule": schedule(spec),
        "broken": broken,
        "version": version,
        "commit": commit,
        "uses": uses,
        "is_favorite": is_favorite,
        "backfill": backfill,
        "newest": newest[0] if newest else None,
    }


@blueprint.get("")
@needs(Right.DAG_READ)
def show(dag_id: str) -> Response:
    """Show the grid with the chosen task beside it."""
    shown = min(_MOST_RUNS, max(1, request.args.get("runs", _GRID_RUNS, type=number)))
    return page("dag_grid.html", tab="grid", shown_runs=shown, **dag_head(dag_id))


@blueprint.get("/graph")
@needs(Right.DAG_READ)
def graph(dag_id: str) -> Response:
    """Show the graph, coloured by the newest run."""
    return page("dag_graph.html", tab="graph", **dag_head(dag_id))


@blueprint.get("/runs")
@needs(Right.DAG_READ)
def list_runs(dag_id: str) -> Response:
    """Show the runs of this DAG that the filter leaves, a page at a time."""
    asked = asked_runs(dag_id)
    with reading() as session:
        found = page_of_runs(session, asked, _RUNS)
    return page("dag_runs.html", tab="runs", **found, **dag_head(dag_id))


@blueprint.get("/details")
@needs(Right.DAG_READ)
def details(dag_id: str) -> Response:
    """Show the DAG's settings and its tasks'."""
    head = dag_head(dag_id)
    with reading() as session:
        record = dag_files.load_files(session).get(dags.find_dag(session, dag_id).file)
        origin = find_taken_over(session, dag_id)
        partitions = waiting_partitions(session, [dag_id]) if head["spec"].schedule.partitions else []
    warnings = record.warnings if record else ()
    rules = [rule_fields(rule, ()) for rule in rules_for(web().alert_rules, head["spec"])]
    return page(
        "dag_details.html",
        tab="details",
        warnings=warnings,
        rules=rules,
        partitions=partitions,
        origin=origin,
        **head,
    )
