"""What a graph must hold before it is stored: it comes from a child that ran user code."""

from __future__ import annotations

from typing import Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match

from scheduler.clock import parse_instant
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import check_id
from scheduler.core.timetables import check_schedule
from scheduler.core.trigger_rules import RULES
from scheduler.errors import BadDag, BadParams, BadSchedule, TooLarge
from scheduler.wire import DagSpec, ParamSpec, dag_to_json

MAX_GRAPH_BYTES: Final = 50_000_000


def check_dag(spec: DagSpec) -> None:
    """Raise what is wrong: BadId, DuplicateTask, DagCycle, BadDag, BadSchedule, BadParams, TooLarge."""
    _check_ids(spec)
    TaskGraph(spec)
    for task in spec.tasks:
        if task.trigger_rule not in RULES:
            known = ", ".join(sorted(RULES))
            raise BadDag(f"Task {task.task_id!r} has trigger_rule {task.trigger_rule!r}; use one of {known}.")
    _check_times(spec)
    for param in spec.params:
        _check_param(spec, param)
    if (size := len(dag_to_json(spec))) > MAX_GRAPH_BYTES:
        raise TooLarge(f"The graph of DAG {spec.dag_id!r}", size, MAX_GRAPH_BYTES)


def _check_ids(spec: DagSpec) -> None:
    check_id("dag_id", spec.dag_id)
    for task in spec.tasks:
        check_id("task_id", task.task_id)
    for group in spec.groups:
        check_id("group_id", group.group_id)


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
        Draft202012Validator.check_schema(param.schema)
    except SchemaError as error:
        raise BadParams(f"{where} has a schema that is none: {error.message}.") from None
    if not param.has_default:
        return
    fault = best_match(Draft202012Validator(param.schema).iter_errors(param.default))
    if fault is not None:
        raise BadParams(f"{where} has a default that breaks its schema: {fault.message}.")
