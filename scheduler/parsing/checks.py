"""What a graph must hold before it is stored: it comes from a child that ran user code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scheduler.alert_rules import BadRule, read_rule
from scheduler.clock import parse_instant
from scheduler.core.assets import check_expression
from scheduler.core.deadlines import MOST as MOST_DEADLINES
from scheduler.core.deadlines import check_deadline
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import MAX_LENGTH, check_id
from scheduler.core.partitions import check_partitions
from scheduler.core.timetables import check_schedule
from scheduler.core.trigger_rules import RULES
from scheduler.errors import BadDag, BadName, BadParams, BadSchedule, TooLarge
from scheduler.schemas import UnusableSchema, check_schema, find_fault
from scheduler.wire import DagSpec, ParamSpec, TaskSpec, dag_to_json

MAX_GRAPH_BYTES: Final = 50_000_000
#: Each is looked at with every run of the DAG.
MAX_ALERTS: Final = 50
#: What the narrowest column holds.
_MOST: Final = 2**31 - 1
#: A hundred years: more, counted from now, leaves the calendar.
_LONGEST_S: Final = 100 * 365 * 24 * 3600
#: The least and the most that a number may be. One that the planner cannot work with would hold up all DAGs.
_OF_DAG: Final = {
    "max_active_runs": (0, _MOST),
    "max_active_tasks": (0, _MOST),
    "max_consecutive_failed_dag_runs": (0, _MOST),
    "dagrun_timeout_s": (0, _LONGEST_S),
}
_OF_TASK: Final = {
    "retries": (0, _MOST - 1),
    "retry_delay_s": (0, 1e15),
    "max_retry_delay_s": (0, 1e15),
    "execution_timeout_s": (0, _LONGEST_S),
    "pool_slots": (1, _MOST),
    "max_active_tis_per_dag": (0, _MOST),
    "max_active_tis_per_dagrun": (0, _MOST),
}


def check_dag(spec: DagSpec) -> None:
    """Raise what is wrong: BadId, DuplicateTask, DagCycle, BadDag, BadSchedule, BadParams, TooLarge."""
    _check_ids(spec)
    graph = TaskGraph(spec)
    _check_numbers(f"DAG {spec.dag_id!r}", spec, _OF_DAG)
    for tag in spec.tags:
        _check_name("tag", tag)
    for task in spec.tasks:
        _check_task(task)
        if graph.is_mapped:
            graph.dimensions.check_number(task.task_id)
    _check_times(spec)
    for param in spec.params:
        _check_param(spec, param)
    _check_alerts(spec)
    _check_deadlines(spec)
    _check_assets(spec)
    if (size := len(dag_to_json(spec))) > MAX_GRAPH_BYTES:
        raise TooLarge(f"The graph of DAG {spec.dag_id!r}", size, MAX_GRAPH_BYTES)


def _check_assets(spec: DagSpec) -> None:
    if spec.schedule.assets is not None:
        check_expression(f"The schedule of DAG {spec.dag_id!r}", spec.schedule.assets)
    if spec.schedule.partitions is not None and spec.schedule.assets is not None:
        check_partitions(f"The schedule of DAG {spec.dag_id!r}", spec.schedule.partitions)
    for task in spec.tasks:
        for each in (*(task.inlets or ()), *(task.outlets or ())):
            check_expression(f"Task {task.task_id!r}", each)


def _check_alerts(spec: DagSpec) -> None:
    if len(spec.alerts) > MAX_ALERTS:
        raise BadDag(f"DAG {spec.dag_id!r} has {len(spec.alerts):,} alerts; at most {MAX_ALERTS} are taken.")
    names = set()
    for data in spec.alerts:
        try:
            rule = read_rule(data, of_dag=spec.dag_id)
        except BadRule as error:
            raise BadDag(f"An alert of DAG {spec.dag_id!r} cannot be: {error}.") from None
        if rule.name in names:
            raise BadDag(f"DAG {spec.dag_id!r} has two alerts named {rule.name!r}; give one another name.")
        names.add(rule.name)


def _check_deadlines(spec: DagSpec) -> None:
    wanted = spec.deadlines or ()
    if len(wanted) > MOST_DEADLINES:
        raise BadDag(f"DAG {spec.dag_id!r} has {len(wanted)} deadlines; at most {MOST_DEADLINES} are taken.")
    for data in wanted:
        check_deadline(data)


def _check_ids(spec: DagSpec) -> None:
    check_id("dag_id", spec.dag_id)
    for task in spec.tasks:
        check_id("task_id", task.task_id)
    for group in spec.groups:
        check_id("group_id", group.group_id)


def _check_task(task: TaskSpec) -> None:
    if task.trigger_rule not in RULES:
        known = ", ".join(sorted(RULES))
        raise BadDag(f"Task {task.task_id!r} has trigger_rule {task.trigger_rule!r}; use one of {known}.")
    _check_numbers(f"Task {task.task_id!r}", task, _OF_TASK)
    _check_name("queue", task.queue)
    _check_name("pool", task.pool)


def _check_numbers(owner: str, spec: DagSpec | TaskSpec, limits: Mapping[str, tuple[float, float]]) -> None:
    for name, (least, most) in limits.items():
        value = getattr(spec, name)
        if value is not None and not least <= value <= most:
            words = name.removesuffix("_s")
            raise BadDag(f"{owner} has {words}={value:g}; it must be between {least} and {most:g}.")


def _check_name(what: str, name: str) -> None:
    if len(name) > MAX_LENGTH or not name.isprintable():
        raise BadName(what, name)


def _check_times(spec: DagSpec) -> None:
    try:
        check_schedule(spec.schedule, timezone=spec.timezone)
    except BadSchedule as error:
        raise BadSchedule(f"DAG {spec.dag_id!r}: {error}") from None
    for date in (spec.start_date, spec.end_date):
        if date is not None:
            parse_instant(date)


def _check_param(spec: DagSpec, param: ParamSpec) -> None:
    where = f"Param {param.name!r} of DAG {spec.dag_id!r}"
    try:
        check_schema(param.schema)
        fault = find_fault(param.schema, param.default) if param.has_default else None
    except UnusableSchema as error:
        raise BadParams(f"{where} has a schema that cannot be used: {error}.") from None
    if fault is not None:
        raise BadParams(f"{where} has a default that breaks its schema: {fault.message}.")
