"""One run: graph, tasks, events, conf, result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from flask import Blueprint, Response, request

from scheduler.logs.masking import masked_conf
from scheduler.operations.results import looped, returning
from scheduler.security.rights import Right
from scheduler.store import artifacts
from scheduler.store.asset_history import events_by_run, events_of_run
from scheduler.store.views import durations, run_tasks, runs
from scheduler.store.views.commits import find_commit
from scheduler.store.views.costs import spent_by_run
from scheduler.store.views.results import list_results
from webui import tree
from webui.context import reading, spec_of, web
from webui.fragments import page
from webui.numbers import number
from webui.rights import needs

T = TypeVar("T")

blueprint = Blueprint("run", __name__, url_prefix="/dags/<dag_id>/runs/<run_id>")

_EVENTS = 500
#: Tasks on one page, or instances of a mapped one.
_ROWS = 100
#: Tasks at the head of each tab that failed, or wait for a person.
_LOUD = 3
#: Results on one page.
_RESULTS = 100


def run_head(dag_id: str, run_id: str) -> dict[str, Any]:
    """Return what stands at the head of each tab."""
    with reading() as session:
        run = runs.find_run(session, dag_id, run_id)
        counts = run_tasks.count_states(session, run.id)
        loud = {
            state: run_tasks.list_in_state(session, run.id, state, _LOUD) if counts.get(state) else []
            for state in ("failed", "awaiting_input")
        }
        documents = artifacts.list_artifacts(session, run.id)
        usual = durations.usual_durations(session, {dag_id}).get(dag_id)
        spent = spent_by_run(session, run.id) if web().prices.are_set else None
        commit = find_commit(session, run.bundle_version)
    return {
        "run": run,
        "commit": commit,
        "counts": counts,
        "loud": loud,
        "artifacts": documents,
        "usual_s": usual,
        "spent": spent,
        "cost": web().prices.words(spent.amount) if spent else "",
    }


@blueprint.get("")
@needs(Right.DAG_READ)
def show(dag_id: str, run_id: str) -> Response:
    """Show the graph of this run."""
    return page("run_graph.html", tab="graph", **run_head(dag_id, run_id))


@blueprint.get("/grid")
@needs(Right.DAG_READ)
def grid(dag_id: str, run_id: str) -> Response:
    """Show the tasks of this run beside those of the runs before it."""
    return page("run_grid.html", tab="grid", **run_head(dag_id, run_id))


@blueprint.get("/tasks")
@needs(Right.DAG_READ)
def list_tasks(dag_id: str, run_id: str) -> Response:
    """Show the tasks of this run as a list, in the order of the graph; with `task`, the instances of a mapped one."""
    head, state = run_head(dag_id, run_id), request.args.get("state", "")
    with reading() as session:
        found = run_tasks.list_by_task(session, head["run"].id)
        spec = spec_of(session, head["run"].version_id)
    if task_id := request.args.get("task"):
        return _list_instances(head, found, task_id, state)
    place = {row.id: number for number, row in enumerate(tree.rows(spec))}
    wanted = [each for each in found if not state or state in _states(each)]
    wanted.sort(key=lambda each: place.get(each.task.task_id, len(place)))
    at, shown, last = _page(wanted)
    more = {"rows": shown, "number": at, "last": last, "only": state}
    return page("run_tasks.html", tab="tasks", mapped="", chips=head["counts"], **more, **head)


def _states(each: run_tasks.Instances) -> set[str]:
    return {state for state, _ in each.counts} or {each.task.state}


def _page(found: Sequence[T]) -> tuple[int, Sequence[T], int]:
    """Return which page is asked for, what is on it, and the number of the last one."""
    wanted = max(1, request.args.get("page", 1, type=number))
    return wanted, found[(wanted - 1) * _ROWS : wanted * _ROWS], max(1, -(-len(found) // _ROWS))


def _list_instances(
    head: dict[str, Any], found: Sequence[run_tasks.Instances], task_id: str, state: str
) -> Response:
    counts = next((dict(_counts(each)) for each in found if each.task.task_id == task_id), {})
    total = counts.get(state, 0) if state else sum(counts.values())
    place, _, last = _page(range(total))
    with reading() as session:
        shown = run_tasks.list_instances(
            session, head["run"].id, task_id, state=state, limit=_ROWS, offset=(place - 1) * _ROWS
        )
    rows = [run_tasks.Instances(task) for task in shown]
    more = {"rows": rows, "number": place, "last": last, "only": state}
    return page("run_tasks.html", tab="tasks", mapped=task_id, chips=counts, **more, **head)


def _counts(each: run_tasks.Instances) -> tuple[tuple[str, int], ...]:
    return each.counts or ((each.task.state, 1),)


@blueprint.get("/events")
@needs(Right.DAG_READ)
def events(dag_id: str, run_id: str) -> Response:
    """Show what happened, newest first."""
    head = run_head(dag_id, run_id)
    with reading() as session:
        found = runs.list_events(session, runs.find_run(session, dag_id, run_id).id, _EVENTS)
    return page("run_events.html", tab="events", events=found, **head)


@blueprint.get("/conf")
@needs(Right.DAG_READ)
def conf(dag_id: str, run_id: str) -> Response:
    """Show what the run was given."""
    head = run_head(dag_id, run_id)
    with reading() as session:
        spec = spec_of(session, head["run"].version_id)
        began = events_of_run(session, head["run"].id)
        made = events_by_run(session, dag_id, run_id)
    shown = {
        "conf": masked_conf(head["run"].conf, spec.params),
        "params": masked_conf(head["run"].params, spec.params),
    }
    return page("run_conf.html", tab="conf", began=began, made=made, **shown, **head)


@blueprint.get("/result")
@needs(Right.XCOM_READ)
def result(dag_id: str, run_id: str) -> Response:
    """Show what this run returned, and what its tasks published."""
    head = run_head(dag_id, run_id)
    run = head["run"]
    with reading() as session:
        spec = spec_of(session, run.version_id)
        results = list_results(session, run.id, returning(spec), _RESULTS, looped(spec))
    return page("run_result.html", tab="result", results=results, **head)
