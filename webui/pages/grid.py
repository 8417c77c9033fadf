"""The grid of a DAG as data, and the panel beside it."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.core.states import TaskState
from scheduler.store.views import dags, grid, runs
from webui import tree
from webui.context import now, reading, spec_of, web
from webui.details import log_address, one_by_one, task_details, why_not_running
from webui.filters import run_url
from webui.fragments import data, page
from webui.words import clock

blueprint = Blueprint("grid", __name__)

_RUNS = 30
_LINES = 8
_MOST_RUNS = 200
#: One letter a state, so that a thousand tasks are a kilobyte. The page's script reads the same letters.
LETTERS = {
    TaskState.NONE: "-",
    TaskState.SCHEDULED: "c",
    TaskState.QUEUED: "q",
    TaskState.RUNNING: "r",
    TaskState.SUCCESS: "s",
    TaskState.FAILED: "f",
    TaskState.UP_FOR_RETRY: "y",
    TaskState.UP_FOR_RESCHEDULE: "w",
    TaskState.DEFERRED: "d",
    TaskState.AWAITING_INPUT: "i",
    TaskState.UPSTREAM_FAILED: "u",
    TaskState.SKIPPED: "k",
    TaskState.REMOVED: "x",
}


@blueprint.get("/ui/dags/<dag_id>/grid")
def show(dag_id: str) -> Response:
    """Return the rows and the last runs with a letter a cell; of a run, those that it has and the runs before it."""
    limit = min(_MOST_RUNS, max(1, request.args.get("runs", _RUNS, type=int)))
    run_id = request.args.get("run")
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id) if run_id else None
        version_id = run.version_id if run else dags.find_dag(session, dag_id).version_id
        spec = spec_of(session, version_id)
        found = grid.list_grid_runs(session, dag_id, limit, until=run.id if run else None)
    rows = tree.rows(spec)
    task_ids = [row.id for row in rows if not row.is_group]
    return data(dag_id=dag_id, rows=rows, runs=[_column(dag_id, run, task_ids) for run in found])


def _column(dag_id: str, run: grid.GridRun, task_ids: list[str]) -> dict[str, object]:
    seconds = (run.end_date - run.start_date).total_seconds() if run.end_date and run.start_date else None
    cells = "".join(LETTERS[TaskState(run.states.get(task_id, "removed"))] for task_id in task_ids)
    return {
        "dag_run_id": run.run_id,
        "label": clock(run.logical_date or run.run_after, now()),
        "state": run.state,
        "duration": seconds,
        "href": run_url(dag_id, run.run_id),
        "cells": cells,
    }


@blueprint.get("/ui/dags/<dag_id>/panel")
def panel(dag_id: str) -> ResponseReturnValue:
    """Return what is known of the chosen cell; alone it is no page, the grid is."""
    if request.headers.get("X-Fragment") != "live":
        return redirect(url_for("dag.show", dag_id=dag_id))
    run_id, task_id = request.args.get("run", ""), request.args.get("task", "")
    details = task_details(dag_id, run_id, task_id) if run_id and task_id else None
    newest = details.newest if details else None
    lines = web().logs.tail(log_address(details, newest.id), _LINES) if details and newest else ()
    why = why_not_running(details) if details else []
    shown = one_by_one(lines)[-_LINES:]
    return page("panel.html", dag_id=dag_id, run_id=run_id, details=details, lines=shown, why=why)
