"""One run: graph, tasks, events, conf, result."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, Response, request

from scheduler.operations.results import looped, returning
from scheduler.store import artifacts
from scheduler.store.asset_history import events_by_run, events_of_run
from scheduler.store.views import durations, runs
from scheduler.store.views.commits import find_commit
from scheduler.store.views.costs import spent_by_run
from scheduler.store.views.results import list_results
from webui import tree
from webui.context import reading, spec_of, web
from webui.fragments import page
from webui.instances import Row, instances_of, rows_of

blueprint = Blueprint("run", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>")

_EVENTS = 500
#: Instances of a mapped task on one page.
_INSTANCES = 100


def _head(dag_id: str, run_id: str) -> dict[str, Any]:
    """Return what stands at the head of each tab."""
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        tasks = runs.list_tasks(session, run.id)
        documents = artifacts.list_artifacts(session, run.id)
        usual = durations.usual_durations(session, {dag_id}).get(dag_id)
        spent = spent_by_run(session, run.id) if web().prices.are_set else None
        commit = find_commit(session, run.bundle_version)
    return {
        "run": run,
        "commit": commit,
        "tasks": tasks,
        "counts": dict(Counter(task.state for task in tasks)),
        "artifacts": documents,
        "usual_s": usual,
        "spent": spent,
        "cost": web().prices.words(spent.amount) if spent else "",
    }


@blueprint.get("")
def show(dag_id: str, run_id: str) -> Response:
    """Show the graph of this run."""
    return page("run_graph.html", tab="graph", **_head(dag_id, run_id))


@blueprint.get("/grid")
def grid(dag_id: str, run_id: str) -> Response:
    """Show the tasks of this run beside those of the runs before it."""
    return page("run_grid.html", tab="grid", **_head(dag_id, run_id))


@blueprint.get("/tasks")
def list_tasks(dag_id: str, run_id: str) -> Response:
    """Show the tasks of this run as a list, in the order of the graph; with `task`, the instances of a mapped one."""
    head = _head(dag_id, run_id)
    if task_id := request.args.get("task"):
        return _list_instances(head, task_id)
    with reading() as session:
        spec = spec_of(session, runs.find_run(session, dag_id, run_id).version_id)
    place = {row.id: number for number, row in enumerate(tree.rows(spec))}
    ordered = sorted(head["tasks"], key=lambda task: place.get(task.task_id, len(place)))
    return page("run_tasks.html", tab="tasks", rows=rows_of(ordered), mapped="", **head)


def _list_instances(head: dict[str, Any], task_id: str) -> Response:
    found = instances_of(head["tasks"], task_id)
    number = max(1, request.args.get("page", 1, type=int))
    shown = found[(number - 1) * _INSTANCES : number * _INSTANCES]
    last = max(1, -(-len(found) // _INSTANCES))
    rows = [Row(task) for task in shown]
    counts = rows_of(found)
    return page(
        "run_tasks.html",
        tab="tasks",
        rows=rows,
        mapped=task_id,
        of_task=counts,
        number=number,
        last=last,
        **head,
    )


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
    head = _head(dag_id, run_id)
    with reading() as session:
        began = events_of_run(session, head["run"].id)
        made = events_by_run(session, dag_id, run_id)
    return page("run_conf.html", tab="conf", began=began, made=made, **head)


@blueprint.get("/result")
def result(dag_id: str, run_id: str) -> Response:
    """Show what this run returned, and what its tasks published."""
    head = _head(dag_id, run_id)
    run = head["run"]
    with reading() as session:
        spec = spec_of(session, run.version_id)
        results = list_results(session, run.id, returning(spec), _INSTANCES, looped(spec))
    return page("run_result.html", tab="result", results=results, **head)
