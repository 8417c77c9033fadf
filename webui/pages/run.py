"""One run: graph, tasks, events, conf, result."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, Response

from scheduler.store import artifacts
from scheduler.store.views import durations, runs
from webui.context import reading
from webui.fragments import page

blueprint = Blueprint("run", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>")

_EVENTS = 500


def _head(dag_id: str, run_id: str) -> dict[str, object]:
    """Return what stands at the head of each tab."""
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        tasks = runs.list_tasks(session, run.id)
        documents = artifacts.list_artifacts(session, run.id)
        usual = durations.usual_durations(session, {dag_id}).get(dag_id)
    return {
        "run": run,
        "tasks": tasks,
        "counts": dict(Counter(task.state for task in tasks)),
        "artifacts": documents,
        "usual_s": usual,
    }


@blueprint.get("")
def show(dag_id: str, run_id: str) -> Response:
    """Show the graph of this run."""
    return page("run_graph.html", tab="graph", **_head(dag_id, run_id))


@blueprint.get("/tasks")
def list_tasks(dag_id: str, run_id: str) -> Response:
    """Show the tasks of this run as a list."""
    return page("run_tasks.html", tab="tasks", **_head(dag_id, run_id))


@blueprint.get("/events")
def events(dag_id: str, run_id: str) -> Response:
    """Show what happened, newest first."""
    head = _head(dag_id, run_id)
    with reading() as session:
        found = runs.list_events(session, runs.find_run(session, dag_id, run_id).id, _EVENTS)
    return page("run_events.html", tab="events", events=found, **head)


@blueprint.get("/conf")
def conf(dag_id: str, run_id: str) -> Response:
    """Show what the run was given."""
    return page("run_conf.html", tab="conf", **_head(dag_id, run_id))


@blueprint.get("/result")
def result(dag_id: str, run_id: str) -> Response:
    """Show what the tasks of this run published."""
    return page("run_result.html", tab="result", **_head(dag_id, run_id))
