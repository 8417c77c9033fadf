"""The grid of a DAG as data, and the panel beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from scheduler.core.states import TaskState
from scheduler.security.rights import Right
from scheduler.store.engine import Session
from scheduler.store.views import dags, grid, runs
from webui import tree
from webui.context import reading, spec_of, web
from webui.details import log_address, one_by_one, task_details, why_not_running
from webui.filters import run_time, run_url
from webui.fragments import data, page
from webui.picks import tasks_in
from webui.rights import may, needs

blueprint = Blueprint("grid", __name__)

_RUNS = 30
_LINES = 8
_MOST_RUNS = 200
#: One letter a state, so that a thousand tasks are a kilobyte. The page is told them beside the cells.
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
_LETTER = {state.value: letter for state, letter in LETTERS.items()}
#: The loudest first: what a folded group shows is the first of these that one of its tasks is in.
_STATES = [[_LETTER[state], state] for state in grid.LOUDEST]


@blueprint.get("/ui/dags/<dag_id>/grid")
@needs(Right.DAG_READ)
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
        task_ids = tuple(row.id for row in rows if not row.is_group)
        cells = _kept_cells(session, (dag_id, version_id, limit, run_id), found, task_ids)
    columns = [_column(dag_id, run, cells[run.id]) for run in found]
    return data(dag_id=dag_id, rows=[_row(row) for row in rows], runs=columns, states=_STATES)


def _row(row: tree.Row) -> dict[str, object]:
    return {"id": row.id, "label": row.label, "depth": row.depth, "is_group": row.is_group}


def _kept_cells(
    session: Session, question: Hashable, found: list[grid.GridRun], task_ids: tuple[str, ...]
) -> dict[int, str]:
    """Return a letter a task for each run. Those of runs that have ended are kept until something happens in one."""
    ended = [run for run in found if run.has_ended]
    source = tuple((run.id, run.newest_event) for run in ended)
    kept: dict[int, str] = web().kept.get(
        ("cells", question), source, lambda: _cells(session, ended, task_ids)
    )
    return kept | _cells(session, [run for run in found if not run.has_ended], task_ids)


def _cells(session: Session, found: list[grid.GridRun], task_ids: tuple[str, ...]) -> dict[int, str]:
    states = grid.states_by_run(session, [run.id for run in found]) if found else {}
    letters = {run_pk: {task: _LETTER[state] for task, state in of.items()} for run_pk, of in states.items()}
    return {run.id: _letters(letters.get(run.id, {}), task_ids) for run in found}


def _letters(letters: dict[str, str], task_ids: tuple[str, ...]) -> str:
    return "".join([letters.get(task_id, _LETTER["removed"]) for task_id in task_ids])


def _column(dag_id: str, run: grid.GridRun, cells: str) -> dict[str, object]:
    seconds = (run.end_date - run.start_date).total_seconds() if run.end_date and run.start_date else None
    return {
        "dag_run_id": run.run_id,
        "label": run_time(run.logical_date or run.run_after),
        "state": run.state,
        "duration": seconds,
        "href": run_url(dag_id, run.run_id),
        "cells": cells,
    }


@blueprint.get("/ui/dags/<dag_id>/panel")
@needs(Right.DAG_READ)
def panel(dag_id: str) -> ResponseReturnValue:
    """Return what is known of the chosen cell; alone it is no page, the grid is."""
    if request.headers.get("X-Fragment") != "live":
        return redirect(url_for("dag.show", dag_id=dag_id))
    run_id, task_id = request.args.get("run", ""), request.args.get("task", "")
    if run_id and (group_id := request.args.get("group", "")):
        return _group_panel(dag_id, run_id, group_id)
    details = task_details(dag_id, run_id, task_id) if run_id and task_id else None
    newest = details.newest if details and may(Right.LOG_READ, dag_id) else None
    lines = web().logs.tail(log_address(details, newest.id), _LINES) if details and newest else ()
    why = why_not_running(details) if details else []
    shown = one_by_one(lines)[-_LINES:]
    return page("panel.html", dag_id=dag_id, run_id=run_id, details=details, lines=shown, why=why)


def _group_panel(dag_id: str, run_id: str, group_id: str) -> ResponseReturnValue:
    """Return what is known of a group of tasks in a run."""
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        task_ids = tasks_in(spec_of(session, run.version_id), group_id)
        states = grid.states_by_run(session, [run.id]).get(run.id, {})
    counts = Counter(states[each] for each in task_ids if each in states)
    return page("group.html", run=run, group_id=group_id, counts=dict(counts))
