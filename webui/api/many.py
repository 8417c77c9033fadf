"""Many runs or task instances in one request: what cannot be is told of, and the rest is done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from scheduler.errors import BadParams, DirigentError, KeyTaken, NotFound, TooMany
from scheduler.operations.delete import delete_run
from scheduler.operations.partition_keys import forget_partition
from scheduler.operations.rerun import Preview, RerunRequest
from scheduler.operations.task_sets import MOST_RUNS
from scheduler.security.rights import Right
from scheduler.store.choices import Choice, Range
from scheduler.store.dags import get_dag
from scheduler.store.engine import Session
from scheduler.store.views.run_lists import RunsWanted, find_entry, list_runs
from webui.api import runs, tasks
from webui.api.bulk import Bulk, BulkDone, Create, Delete, Update, check_count
from webui.api.frame import Body, Fields, Routes
from webui.api.run_fields import described
from webui.api.shapes import bulk as shapes
from webui.api.shapes import tasks as task_shapes
from webui.api.task_fields import tasks_again
from webui.context import actor, condition, now, reading, spec_of, web, writing
from webui.errors import status_of
from webui.rights import needs, require

routes = Routes("api_many", "/api/v2/dags/<dag_id>", tag="Bulk")
T = TypeVar("T", bound=Body)


class RunsBulk(Bulk[shapes.RunNamed]):
    """Runs to be changed or deleted."""


class TasksBulk(Bulk[shapes.TaskNamed]):
    """Task instances to be changed."""


Action = Create[T] | Update[T] | Delete[T]


def _carry_out(bulk: Bulk[T], one: Callable[[Action[T], T | str], str]) -> Fields:
    """Do each on its own; return what became of it. Raises KeyTaken, which is about all of them."""
    check_count(bulk)
    out: dict[str, dict[str, list[Any]]] = {}
    for action in bulk.actions:
        done = out.setdefault(action.action, {"success": [], "errors": []})
        for entity in action.entities:
            try:
                done["success"].append(one(action, entity))
            except KeyTaken:
                raise
            except NotFound as error:
                if getattr(action, "action_on_non_existence", "") != "skip":
                    done["errors"].append(_told(error))
            except DirigentError as error:
                done["errors"].append(_told(error))
    return out


def _told(error: DirigentError) -> dict[str, Any]:
    return {"error": str(error), "status_code": status_of(error)}


def _named(what: str, *names: str | None) -> str:
    """Return the first name that is one; what an address leaves open (`~`) an entity must say."""
    found = next((each for each in names if each not in (None, "~")), None)
    if found is None:
        raise BadParams(f"The address says ~, so each entity must give its {what}.")
    return found


def _dag(dag_id: str, entity: Body | str) -> str:
    """Return the DAG of an entity, about which whoever asks has the right. Raises Forbidden and NotFound."""
    found = _named("dag_id", getattr(entity, "dag_id", None), dag_id)
    require(Right.DAG_RUN, dag_id=found)
    return found


@routes.patch("/dagRuns", answers=BulkDone)
@needs(Right.DAG_RUN)
def bulk_dag_runs(dag_id: str, body: RunsBulk) -> Fields:
    """Change or delete many runs; with `~` of any DAG, which each entity then names."""
    return _carry_out(body, partial(_change_run, dag_id))


def _change_run(dag_id: str, action: Action[shapes.RunNamed], entity: shapes.RunNamed | str) -> str:
    dag = _dag(dag_id, entity)
    name = entity if isinstance(entity, str) else entity.dag_run_id
    if isinstance(action, Delete):
        delete_run(web().db, now(), dag, name, condition=condition(), actor=actor())
    elif isinstance(action, Update) and isinstance(entity, shapes.RunNamed):
        runs.change(dag, name, entity, action.update_mask or ())
    else:
        raise BadParams("Runs are not created so: trigger each.")
    return f"{dag}.{name}"


@routes.patch("/dagRuns/<dag_run_id>/taskInstances", answers=BulkDone)
@needs(Right.DAG_RUN)
def bulk_task_instances(dag_id: str, dag_run_id: str, body: TasksBulk) -> Fields:
    """Change many task instances; with `~` of any DAG or run, which each entity then names."""
    return _carry_out(body, partial(_change_task, dag_id, dag_run_id))


def _change_task(
    dag_id: str, run_id: str, action: Action[shapes.TaskNamed], entity: shapes.TaskNamed | str
) -> str:
    if not isinstance(action, Update) or isinstance(entity, str):
        raise BadParams(
            "Task instances are neither created nor deleted: clear or mark them, or delete the run."
        )
    dag, run = _dag(dag_id, entity), _named("dag_run_id", entity.dag_run_id, run_id)
    index = entity.map_index
    key = entity.task_id if index is None else tasks.key_of(entity.task_id, index)
    tasks.change(dag, run, (key,), entity, action.update_mask or ())
    return ".".join([dag, run, entity.task_id, *([] if index is None else [f"[{index}]"])])


@routes.post("/clearDagRuns", answers=shapes.Cleared)
@needs(Right.DAG_RUN)
def clear_dag_runs(dag_id: str, body: shapes.RunsClear) -> Fields:
    """Run many runs of a DAG again, or with `dry_run` (the default) return the task instances that would."""
    with reading() as session:
        get_dag(session, dag_id)
        names = [each.dag_run_id for each in body.dag_runs] or _by_partition(session, dag_id, body)
        wanted = [runs.wanted(dag_id, find_entry(session, dag_id, each).run.run_id, body) for each in names]
        if body.dry_run:
            return tasks_again(session, [(each, runs.preview(session, each)) for each in wanted])
    writing(lambda session: _clear_all(session, wanted, body.note))
    with reading() as session:
        found = [described(find_entry(session, dag_id, each)) for each in names]
    return {"dag_runs": found, "total_entries": len(found)}


@routes.post("/clearPartitions", answers=shapes.PartitionsCleared)
@needs(Right.DAG_RUN)
def clear_dag_run_partitions(dag_id: str, body: shapes.PartitionsClear) -> Fields:
    """Have runs name no partition any more, and with `clear_task_instances` run again; or tell how many would."""
    with reading() as session:
        get_dag(session, dag_id)
        names = _by_partition(session, dag_id, body) if body.run_id is None else [body.run_id]
        wanted = [
            RerunRequest(dag_id=dag_id, run_id=find_entry(session, dag_id, each).run.run_id) for each in names
        ]
        wanted = wanted if body.clear_task_instances else []
        count = sum(len(runs.preview(session, each).tasks) for each in wanted)

    def forget(session: Session) -> None:
        forget_partition(session, now(), dag_id, names, actor=actor())
        _clear_all(session, wanted, None)

    if not body.dry_run:
        writing(forget)
    return {"dag_runs_cleared": len(names), "task_instances_cleared": count, "dry_run": body.dry_run}


def _by_partition(
    session: Session, dag_id: str, body: shapes.RunsClear | shapes.PartitionsClear
) -> list[str]:
    """Return the runs that make what is meant. Raises TooMany."""
    choice = Choice(among={"dag_id": [dag_id]})
    if body.partition_key is not None:
        choice = choice.only("partition_key", body.partition_key)
    else:
        dates = Range(gte=body.partition_date_start, lte=body.partition_date_end)
        choice = Choice(among=choice.among, ranges={"partition_date": dates})
    found = list_runs(session, choice, RunsWanted(), limit=MOST_RUNS + 1)
    if len(found) > MOST_RUNS:
        raise TooMany("runs", MOST_RUNS)
    return [each.run.run_id for each in found]


def _clear_all(session: Session, wanted: list[RerunRequest], note: str | None) -> None:
    for each in wanted:
        found: Preview = runs.preview(session, each)
        if found.tasks or found.added:
            runs.clear(each, note, session)


@routes.patch("/dagRuns/<dag_run_id>/taskGroupInstances/<group_id>", answers=task_shapes.Tasks)
@needs(Right.DAG_RUN)
def patch_task_group_instances(
    dag_id: str, dag_run_id: str, group_id: str, query: task_shapes.TaskMask, body: task_shapes.TaskPatch
) -> Fields:
    """Set the state of all task instances of a group, their notes, or both."""
    return tasks.change(dag_id, dag_run_id, _group(dag_id, dag_run_id, group_id), body, query.update_mask)


@routes.patch("/dagRuns/<dag_run_id>/taskGroupInstances/<group_id>/dry_run", answers=task_shapes.Tasks)
@needs(Right.DAG_READ)
def patch_task_group_instances_dry_run(
    dag_id: str, dag_run_id: str, group_id: str, body: task_shapes.TaskPatch
) -> Fields:
    """Return the task instances of a group that would change."""
    return tasks.change(dag_id, dag_run_id, _group(dag_id, dag_run_id, group_id), body, is_dry=True)


def _group(dag_id: str, run_id: str, group_id: str) -> tuple[str, ...]:
    with reading() as session:
        spec = spec_of(session, find_entry(session, dag_id, run_id).run.version_id)
    found = tuple(each.task_id for each in spec.tasks if each.task_id.startswith(f"{group_id}."))
    if not found:
        raise NotFound("task group", group_id)
    return found
