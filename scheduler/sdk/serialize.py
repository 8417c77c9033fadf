"""From a DAG object to its plain form, the same for the same source: no ids of objects, no present time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal

from scheduler.errors import BadDag
from scheduler.sdk.isolation import isolation_of
from scheduler.sdk.params import Param
from scheduler.wire import DagSpec, GroupSpec, ParamSpec, TaskSpec, form_of

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.group import TaskGroup
    from scheduler.sdk.operator import BaseOperator

_SOURCE_LIMIT: Final = 20_000


def to_spec(dag: DAG, file: str) -> DagSpec:
    """Return the plain form of a DAG; `file` is its path below the DAG folder.

    Raises DagCycle where tasks wait for each other in a circle, BadDag where a param's default is not JSON.
    """
    dag.check_cycle()
    schedule = dag.timetable.to_spec()
    tasks = tuple(_task(dag, task) for task in dag.tasks)
    groups = tuple(_group(group) for group in dag.groups.values())
    deadlines = tuple(each.data for each in dag.deadlines)
    schedule = dag.timetable.to_spec()
    return DagSpec(
        dag_id=dag.dag_id,
        file=file,
        schedule=schedule,
        timezone=dag.timezone,
        start_date=_instant(_start(dag)),
        end_date=_instant(dag.end_date),
        catchup=dag.catchup,
        max_active_runs=dag.max_active_runs,
        max_active_tasks=dag.max_active_tasks,
        dagrun_timeout_s=_seconds(dag.dagrun_timeout),
        max_consecutive_failed_dag_runs=dag.max_consecutive_failed_dag_runs,
        is_paused_upon_creation=dag.is_paused_upon_creation,
        fail_fast=dag.fail_fast,
        display_name=dag.dag_display_name,
        description=dag.description,
        doc_md=dag.doc_md,
        owner=_owner(dag),
        tags=dag.tags,
        alerts=tuple(alert.data for alert in dag.alerts),
        deadlines=deadlines or None,
        params=tuple(_param(dag, name, param) for name, param in dag.params.items()),
        tasks=tasks,
        groups=groups,
        has_success_callback=bool(dag.on_success_callback),
        has_failure_callback=bool(dag.on_failure_callback),
        compat=dag.dialect.name if dag.dialect else None,
        wire_version=form_of(tasks, groups, schedule, deadlines),
    )


def _start(dag: DAG) -> datetime | None:
    """The DAG's own start, or the earliest of its tasks."""
    return dag.start_date or min((task.start_date for task in dag.tasks if task.start_date), default=None)


def _owner(dag: DAG) -> str:
    owners = {dag.owner, *(task.owner for task in dag.tasks)} - {""}
    return dag.owner or ", ".join(sorted(owners))


def _param(dag: DAG, name: str, param: Param) -> ParamSpec:
    default = param.default if param.has_default else None
    try:
        json.dumps([default, param.schema], allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadDag(f"Param {name!r} of DAG {dag.dag_id!r} must be JSON: {error}.") from None
    return ParamSpec(
        name=name,
        schema=param.schema,
        default=default,
        has_default=param.has_default,
        description=param.description,
    )


def _group(group: TaskGroup) -> GroupSpec:
    parent = group.parent.group_id if group.parent else ""
    return GroupSpec(
        group_id=group.group_id,
        parent_id=parent or None,
        label=group.group_display_name or group.label,
        tooltip=group.tooltip,
        mapping=group.expansion.spec() if group.expansion else None,
    )


def _task(dag: DAG, task: BaseOperator) -> TaskSpec:
    group_id = task.task_group.group_id if task.task_group else ""
    weight, rule = _priority(dag, task)
    return TaskSpec(
        task_id=task.task_id,
        operator=task.operator_name,
        upstream=tuple(sorted(dag.upstream_of(task.task_id))),
        upstream_labels={
            before: dag.edges.labels[before, task.task_id]
            for before in sorted(dag.upstream_of(task.task_id))
            if (before, task.task_id) in dag.edges.labels
        },
        group_id=group_id or None,
        label=task.task_display_name or task.label,
        trigger_rule=str(task.trigger_rule),
        retries=task.retries,
        retry_delay_s=task.retry_delay.total_seconds(),
        retry_backoff=task.retry_exponential_backoff,
        max_retry_delay_s=_seconds(task.max_retry_delay),
        retry_jitter=task.retry_jitter,
        execution_timeout_s=_seconds(task.execution_timeout),
        pool=task.pool,
        pool_slots=task.pool_slots,
        queue=task.queue,
        priority_weight=weight,
        weight_rule=rule,
        depends_on_past=task.depends_on_past,
        wait_for_downstream=task.wait_for_downstream,
        max_active_tis_per_dag=task.max_active_tis_per_dag,
        max_active_tis_per_dagrun=task.max_active_tis_per_dagrun,
        owner=task.owner,
        doc_md=task.doc_md,
        template_fields=task.made_template_fields,
        source=_bounded(task.shown_source()),
        has_failure_callback=bool(task.on_failure_callback),
        isolation=isolation_of(task),
        role=_role(task),
        mapping=task.expansion.spec() if task.expansion else None,
        loop=task.loop.spec() if task.loop else None,
        asks=True if task.asks_people else None,
        returns_dag_result=True if task.returns_dag_result else None,
        multiple_outputs=True if task.multiple_outputs else None,
        inlets=tuple(each.to_data() for each in task.inlets) or None,
        outlets=tuple(each.to_data() for each in task.outlets) or None,
        check=task.check,
    )


def _priority(dag: DAG, task: BaseOperator) -> tuple[int, str]:
    if isinstance(task.weight_rule, str):
        return task.priority_weight, str(task.weight_rule)
    return import_module("scheduler.sdk.priorities").weigh(task.weight_rule, dag, task), "absolute"


def _role(task: BaseOperator) -> Literal["setup", "teardown", "deciding teardown"] | None:
    if task.is_setup:
        return "setup"
    if task.is_teardown:
        return "deciding teardown" if task.on_failure_fail_dagrun else "teardown"
    return None


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _bounded(text: Any) -> str | None:
    return None if text is None else str(text)[:_SOURCE_LIMIT]
