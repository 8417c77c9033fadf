"""Params of a test run: defaults overlaid with conf, held against their schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from scheduler.errors import BadParams
from scheduler.wire import DagSpec, ParamSpec


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
    validator = Draft202012Validator(param.schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    errors = [error.message for error in validator.iter_errors(values[param.name])]
    return f"{param.name}: {', '.join(errors)}" if errors else ""
