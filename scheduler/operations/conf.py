"""What is handed to a run: JSON, bounded before it is read, laid over the DAG's params and checked."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Final

from scheduler.errors import BadConf, BadParams, TooLarge
from scheduler.schemas import UnusableSchema, find_fault
from scheduler.wire import DagSpec, Data, Json, ParamSpec

LIMIT_BYTES: Final = 1_000_000
#: Objects and arrays within each other. Whoever reads a conf later does so by recursion, deeper in its stack.
DEEPEST: Final = 100
_SHOWN: Final = 80


def read_conf(text: str | bytes, what: str = "conf") -> Data:
    """Read the JSON object of a request or a command line; nothing given is an empty one. `what`: its name in errors.

    Raises TooLarge above 1 MB, before anything is parsed, and BadConf for what is not a JSON object.
    """
    size = len(text.encode() if isinstance(text, str) else text)
    _refuse_large(size)
    if not text.strip():
        return {}
    try:
        conf = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadConf(f"{what} is not JSON: {error}. Give an object such as {{}}.") from None
    return check_conf(conf, what)


def check_conf(conf: object, what: str = "conf") -> Data:
    """Return a conf that is a JSON object of at most 1 MB. Raises BadConf and TooLarge."""
    if not isinstance(conf, Mapping):
        raise BadConf(f'{what} must be a JSON object, not {_kind(conf)}; write it like {{"day": "mon"}}.')
    try:
        text = json.dumps(dict(conf), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadConf(f"{what} cannot be stored as JSON: {error}.") from None
    _refuse_large(len(text))
    loaded: Data = json.loads(text)
    _refuse_deep(loaded)
    return loaded


def params_of(spec: DagSpec, conf: Mapping[str, Json]) -> Data:
    """Return the params of a run: the declared defaults with conf laid over them, each checked by its schema.

    Raises BadParams that names the param, the value and the rule.
    """
    params = {param.name: param.default for param in spec.params if param.has_default} | dict(conf)
    for param in spec.params:
        if param.name not in params:
            raise BadParams(f"Param {param.name!r} of DAG {spec.dag_id!r} has no default; give it in conf.")
        check_param(param, params[param.name])
    return params


def check_param(param: ParamSpec, value: Json) -> None:
    """Hold a value against the schema of its param. Raises BadParams."""
    try:
        broken = find_fault(param.schema, value)
    except UnusableSchema as error:
        raise BadParams(f"The schema of param {param.name!r} cannot be used: {error}.") from None
    if broken is not None:
        rule = f"{broken.validator}: {_short(json.dumps(broken.validator_value, default=str))}"
        where = "".join(f"[{part!r}]" for part in broken.absolute_path)
        raise BadParams(
            f"Param {param.name!r}{where} cannot be {_short(repr(broken.instance))}: that breaks {rule}."
        )


def _refuse_large(size: int) -> None:
    if size > LIMIT_BYTES:
        raise TooLarge("conf", size, LIMIT_BYTES)


def _refuse_deep(conf: Json) -> None:
    level = [conf]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
    if any(isinstance(each, dict | list) for each in level):
        raise BadConf(f"conf is nested too deeply: {DEEPEST} objects and arrays within each other at most.")


def _inside(value: Json) -> Collection[Json]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not a JSON value")


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list() | tuple():
            return "an array"
        case _:
            return f"a {type(value).__name__}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
