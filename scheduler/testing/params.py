"""Params of a test run: defaults overlaid with conf, held against their schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scheduler.errors import BadParams
from scheduler.schemas import UnusableSchema, find_fault
from scheduler.wire import DagSpec, Json, ParamSpec


def params_of(spec: DagSpec, conf: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params of a run; raises BadParams that names each one that breaks its schema."""
    values = {each.name: each.default for each in spec.params if each.has_default} | dict(conf)
    wrong = [problem for each in spec.params if (problem := _problem(each, values))]
    if wrong:
        raise BadParams(f"Params of DAG {spec.dag_id!r}: {'; '.join(wrong)}.")
    return values


def _problem(param: ParamSpec, values: Mapping[str, Any]) -> str:
    if param.name not in values:
        return f"{param.name} must be given"
    return fault_of(param.name, param.schema, values[param.name])


def fault_of(name: str, schema: Json, value: Json) -> str:
    """Say how a value breaks the schema of a param, as a server would; "" where it does not."""
    try:
        fault = find_fault(schema, value)
    except UnusableSchema as error:
        return f"{name}: its schema cannot be used: {error}"
    return f"{name}: {fault.message}" if fault else ""
