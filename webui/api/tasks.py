"""Task instances: list, show, change, clear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from scheduler.core.ids import TaskKey
from scheduler.errors import BadParams, Conflict, NotFound
from scheduler.operations.rerun import RerunRequest
from scheduler.operations.task_sets import (
    Marked,
    Span,
    clear_tasks,
    mark_tasks,
    preview_clears,
    preview_marks,
)
from scheduler.security.rights import Right
from scheduler.store.choices import Choice, Range
from scheduler.store.engine import Session
from scheduler.store.notes import task_notes
from scheduler.store.views.run_lists import find_entry as find_run
from scheduler.store.views.task_lists import TaskEntry, count_tasks, find_entry, list_keys, list_tasks
from scheduler.store.views.tasks import list_attempts
from webui.api.frame import Fields, Routes
from webui.api.frame.choosing import chosen_by
from webui.api.shapes import tasks as shapes
from webui.api.task_fields import described, tasks_again
from webui.context import actor, now, reading, writing
from webui.rights import needs

_DAG = "/dags/<dag_id>"
_RUN = f"{_DAG}/dagRuns/<dag_run_id>"
_ALL = f"{_RUN}/taskInstances"
_ONE = f"{_ALL}/<task_id>"
_INSTANCE = f"{_ONE}/<int(signed=True):map_index>"

#: An instance of a mapped task has an index.
_MAPPED = {"path": Range(gt="")}

routes = Routes("api_tasks", "/api/v2", tag="Task Instance")


def key_of(task_id: str, map_index: int = -1, path: str = "") -> TaskKey:
    """Return the key of an instance: -1 is a task that is not mapped, `path` names one in nested groups."""
    return TaskKey(task_id, path or ("" if map_index < 0 else str(map_index)))


def _of_run(choice: Choice, dag_id: str, run_id: str, session: Session) -> Choice:
    """Narrow a choice to what the address names; `~` is all. Raises NotFound."""
    if "~" not in (dag_id, run_id):
        find_run(session, dag_id, run_id)
    for name, value in (("dag_id", dag_id), ("run_id", run_id)):
        choice = choice if value == "~" else choice.only(name, value)
    return choice


def _chosen(query: shapes.InstancesQuery) -> Choice:
    choice = query.choice()
    if query.state:
        choice = choice.only("state", *("none" if each == "no_status" else each for each in query.state))
    if query.map_index:
        choice = choice.only("path", *("" if each < 0 else str(each) for each in query.map_index))
    return choice


def _listed(session: Session, found: Sequence[TaskEntry], total: int | None) -> dict[str, Any]:
    notes = task_notes(session, [each.task.id for each in found])
    return {"task_instances": described(session, found, notes), "total_entries": total}


def _page(query: shapes.InstancesQuery, choice: Choice, session: Session) -> Fields:
    found = list_tasks(session, choice, limit=query.count, offset=query.start)
    total = count_tasks(session, choice) if query.cursor is None else None
    return {**_listed(session, found, total), **query.cursors(len(found))}


@routes.get(_ALL, answers=shapes.Tasks)
@needs(Right.DAG_READ)
def get_task_instances(dag_id: str, dag_run_id: str, query: shapes.TasksQuery) -> Fields:
    """Return the task instances of a run, or with `~` of all runs, and of all DAGs."""
    choice = _chosen(query)
    if query.task_group_id:
        choice = choice.beginning("task_id", f"{query.task_group_id}.")
    with reading() as session:
        return _page(query, _of_run(choice, dag_id, dag_run_id, session), session)


@routes.post(f"{_ALL}/list", answers=shapes.Tasks)
@needs(Right.DAG_READ)
def get_task_instances_batch(dag_id: str, dag_run_id: str, body: shapes.TasksBody) -> Fields:
    """Return the task instances that a body describes."""
    names = {"dag_ids": "dag_id", "dag_run_ids": "run_id", "task_ids": "task_id"}
    choice = chosen_by(body, names, but={"state"})
    if body.state is not None:
        choice = choice.only(
            "state", *("none" if each in (None, "no_status") else each for each in body.state)
        )
    with reading() as session:
        choice = _of_run(choice, dag_id, dag_run_id, session)
        found = list_tasks(session, choice, limit=min(body.page_limit, 1000), offset=body.page_offset)
        return _listed(session, found, count_tasks(session, choice))


@routes.get(_ONE, answers=shapes.Task)
@needs(Right.DAG_READ)
def get_task_instance(dag_id: str, dag_run_id: str, task_id: str, query: shapes.Instance) -> Fields:
    """Return one task instance; of a mapped task the one of `map_index`, or of `path` in a mapped group."""
    return _one(dag_id, dag_run_id, key_of(task_id, query.map_index, query.path))


@routes.get(_INSTANCE, answers=shapes.Task)
@needs(Right.DAG_READ)
def get_mapped_task_instance(dag_id: str, dag_run_id: str, task_id: str, map_index: int) -> Fields:
    """Return one instance of a mapped task."""
    return _one(dag_id, dag_run_id, key_of(task_id, map_index))


def find_instance(session: Session, dag_id: str, run_id: str, key: TaskKey) -> TaskEntry:
    """Return a task instance. Raises NotFound, and says so of a task that is mapped and whose index is missing."""
    try:
        return find_entry(session, dag_id, run_id, key)
    except NotFound:
        if key.path:
            raise
        mapped = Choice(among={"dag_id": [dag_id], "run_id": [run_id], "task_id": [key.task_id]})
        if not list_tasks(session, mapped, limit=1):
            raise
        hint = "The task is mapped: give the map_index of one of its instances, which `listMapped` lists."
        raise NotFound("task instance", key.task_id, hint=hint) from None


def _one(dag_id: str, run_id: str, key: TaskKey) -> Fields:
    with reading() as session:
        entry = find_instance(session, dag_id, run_id, key)
        (fields,) = described(session, [entry], task_notes(session, [entry.task.id]))
        rendered = [each.rendered for each in list_attempts(session, entry.task.id) if each.rendered]
    return {**fields, "rendered_fields": rendered[-1] if rendered else {}}


@routes.get(f"{_ONE}/listMapped", answers=shapes.Tasks)
@needs(Right.DAG_READ)
def get_mapped_task_instances(
    dag_id: str, dag_run_id: str, task_id: str, query: shapes.InstancesQuery
) -> Fields:
    """Return the instances of a mapped task."""
    with reading() as session:
        every = _of_run(Choice(ranges=_MAPPED), dag_id, dag_run_id, session).only("task_id", task_id)
        if not list_tasks(session, every, limit=1):
            find_entry(session, dag_id, dag_run_id, TaskKey(task_id, "0"))
        choice = _chosen(query)
        among, order = {**choice.among, **every.among}, choice.order or ("map_index",)
        ranges = {**choice.ranges, **_MAPPED}
        return _page(query, replace(choice, among=among, ranges=ranges, order=order), session)


def _request(
    dag_id: str, run_id: str, tasks: tuple[str | TaskKey, ...], body: shapes.TaskPatch | shapes.TasksClear
) -> tuple[RerunRequest, Span]:
    request = RerunRequest(
        dag_id=dag_id,
        run_id=run_id,
        tasks=tasks,
        upstream=body.include_upstream,
        downstream=body.include_downstream,
    )
    return request, Span(run_id=run_id or None, future=body.include_future, past=body.include_past)


def change(
    dag_id: str,
    run_id: str,
    tasks: tuple[str | TaskKey, ...],
    body: shapes.TaskPatch,
    mask: Sequence[str] = (),
    *,
    is_dry: bool = False,
) -> Fields:
    """Set state and note of task instances, or say of which they would be set; return them."""
    fields = body.model_fields_set & (set(mask) or body.model_fields_set)
    to = body.new_state if "new_state" in fields else None
    note = (body.note or "") if "note" in fields else None
    if to is None and note is None:
        raise BadParams("Give new_state (success, failed or skipped), note, or both.")
    wanted, span = _request(dag_id, run_id, tasks, body)
    if is_dry:
        with reading() as session:
            return _shown(session, dag_id, preview_marks(session, wanted, span, to))
    done = writing(lambda session: mark_tasks(session, now(), wanted, span, to=to, note=note, actor=actor()))
    with reading() as session:
        return _shown(session, dag_id, done)


def _shown(session: Session, dag_id: str, marked: Sequence[Marked]) -> dict[str, Any]:
    by_run: dict[str, list[TaskKey]] = {}
    for each in marked:
        by_run.setdefault(each.run_id, []).append(each.key)
    found = [entry for run_id, keys in by_run.items() for entry in list_keys(session, dag_id, run_id, keys)]
    return _listed(session, found, len(found))


def _meant(task_id: str, query: shapes.Instance) -> tuple[str | TaskKey, ...]:
    """Return the instance that is named, or without an index all of the task."""
    return (
        task_id if query.map_index < 0 and not query.path else key_of(task_id, query.map_index, query.path),
    )


@routes.patch(_ONE, answers=shapes.Tasks)
@needs(Right.DAG_RUN)
def patch_task_instance(
    dag_id: str, dag_run_id: str, task_id: str, query: shapes.InstanceMask, body: shapes.TaskPatch
) -> Fields:
    """Set the state of a task instance (of a mapped task of all, without `map_index`), its note, or both."""
    return change(dag_id, dag_run_id, _meant(task_id, query), body, query.update_mask)


@routes.delete(_ONE)
@needs(Right.DAG_RUN)
def delete_task_instance(dag_id: str, dag_run_id: str, task_id: str, query: shapes.Instance) -> None:
    """Refuse: what follows a task in its run waits for its row. A run is deleted as a whole."""
    with reading() as session:
        find_instance(session, dag_id, dag_run_id, key_of(task_id, query.map_index, query.path))
    raise Conflict(
        f"{task_id} cannot be deleted from its run, as others wait for what became of it: clear it, mark it as "
        f"skipped, or delete the run {dag_run_id!r}."
    )


@routes.patch(f"{_ONE}/dry_run", answers=shapes.Tasks)
@needs(Right.DAG_READ)
def patch_task_instance_dry_run(
    dag_id: str, dag_run_id: str, task_id: str, query: shapes.InstanceMask, body: shapes.TaskPatch
) -> Fields:
    """Return the task instances that would change."""
    return change(dag_id, dag_run_id, _meant(task_id, query), body, query.update_mask, is_dry=True)


@routes.patch(_INSTANCE, answers=shapes.Tasks)
@needs(Right.DAG_RUN)
def patch_task_instance_by_map_index(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int, query: shapes.TaskMask, body: shapes.TaskPatch
) -> Fields:
    """Set the state of one instance of a mapped task, its note, or both."""
    return change(dag_id, dag_run_id, (key_of(task_id, map_index),), body, query.update_mask)


@routes.patch(f"{_INSTANCE}/dry_run", answers=shapes.Tasks)
@needs(Right.DAG_READ)
def patch_task_instance_dry_run_by_map_index(
    dag_id: str, dag_run_id: str, task_id: str, map_index: int, query: shapes.TaskMask, body: shapes.TaskPatch
) -> Fields:
    """Return the task instances that would change."""
    return change(dag_id, dag_run_id, (key_of(task_id, map_index),), body, query.update_mask, is_dry=True)


@routes.post(f"{_DAG}/clearTaskInstances", answers=shapes.TasksAgain)
@needs(Right.DAG_RUN)
def post_clear_task_instances(dag_id: str, body: shapes.TasksClear) -> Fields:
    """Run task instances again, or with `dry_run` (the default) return those that would.

    Of one run, of those before and after it, or of all between two logical dates.
    """
    if not body.reset_dag_runs:
        raise BadParams("reset_dag_runs=false is not possible: a run whose tasks are cleared goes on.")
    tasks = tuple(each if isinstance(each, str) else key_of(*each) for each in body.task_ids or ())
    request, span = _request(dag_id, body.dag_run_id or "", tasks, body)
    code: Literal["then", "now"] = "now" if body.run_on_latest_version else "then"
    request = replace(request, only_failed=body.only_failed, only_running=body.only_running, code=code)
    span = replace(span, start=body.start_date, end=body.end_date)
    if body.dry_run:
        with reading() as session:
            return tasks_again(session, preview_clears(session, request, span))
    done = writing(
        lambda session: clear_tasks(
            session,
            now(),
            request,
            span,
            unless_running=body.prevent_running_task,
            note=body.note,
            actor=actor(),
        )
    )
    with reading() as session:
        return tasks_again(session, done)
