"""The graph of a DAG as data, and the states of a run's tasks to colour it with."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, Response, request

from scheduler.security.rights import Right
from scheduler.store.views import dags, runs
from scheduler.store.views.grid import LOUDEST
from scheduler.store.views.run_tasks import Instances, list_by_task
from scheduler.wire import DagSpec, TaskSpec
from webui.context import reading, spec_of
from webui.filters import state_words, task_url
from webui.fragments import data
from webui.rights import needs
from webui.tongues.speaking import gettext
from webui.words import span

blueprint = Blueprint("graph", __name__)


@blueprint.get("/ui/dags/<dag_id>/graph")
@needs(Right.DAG_READ)
def show(dag_id: str) -> Response:
    """Return nodes and edges of the newest version, or of a run's."""
    with reading() as session:
        run_id = request.args.get("run")
        version_id = (
            runs.find_run(session, dag_id, run_id).version_id
            if run_id
            else dags.find_dag(session, dag_id).version_id
        )
        spec = spec_of(session, version_id)
    edges = [[up, task.task_id, *_label(task, up)] for task in spec.tasks for up in task.upstream]
    return data(nodes=_nodes(spec), edges=edges, loudest=LOUDEST)


def _label(task: TaskSpec, upstream_id: str) -> list[str]:
    """Return the words on an arrow; most carry none, and a thousand of these are sent."""
    label = task.upstream_labels.get(upstream_id)
    return [label] if label else []


def _nodes(spec: DagSpec) -> list[dict[str, object]]:
    groups: list[dict[str, object]] = [
        {
            "id": each.group_id,
            "label": each.label or each.group_id,
            "parent": each.parent_id,
            "is_group": True,
            "more": "",
        }
        for each in spec.groups
    ]
    return groups + [
        {
            "id": task.task_id,
            "label": task.label or task.task_id,
            "parent": task.group_id,
            "is_group": False,
            "more": ", ".join([task.operator, *_kinds(task)]),
        }
        for task in spec.tasks
    ]


def _kinds(task: TaskSpec) -> list[str]:
    return [*[gettext("mapped")] * bool(task.mapping), *[gettext("loop")] * bool(task.loop)]


@blueprint.get("/ui/dags/<dag_id>/runs/<run_id>/states")
@needs(Right.DAG_READ)
def states(dag_id: str, run_id: str) -> Response:
    """Return state and a few words for each task of a run."""
    with reading() as session:
        found = list_by_task(session, runs.find_run(session, dag_id, run_id).id)
    return data(tasks={each.task.task_id: _state(dag_id, run_id, each) for each in found})


def _state(dag_id: str, run_id: str, each: Instances) -> dict[str, object]:
    task = each.task
    more = _counts(each) if each.counts else _words(task)
    return {"state": task.state, "more": more, "href": task_url(dag_id, run_id, task.task_id, task.path)}


def _words(task: runs.Task) -> str:
    if task.start_date and task.end_date and task.state in {"success", "failed"}:
        return span((task.end_date - task.start_date).total_seconds())
    return state_words(task.state) if task.state != "none" else gettext("waits")


def _counts(each: Instances) -> str:
    counts = Counter(dict(each.counts))
    done = counts["success"] + counts["skipped"]
    said = gettext("%(done)s of %(total)s", done=done, total=each.total)
    failed = counts["failed"]
    return f"{said}, {gettext('%(count)s failed', count=failed)}" if failed else said
