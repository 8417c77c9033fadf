"""The trigger form: fields from the JSON schemas of params, and a conf from what a person filled in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scheduler.errors import BadConf
from scheduler.wire import DagSpec, Data, Json, ParamSpec

_INPUTS = {"date": "date", "date-time": "datetime-local", "time": "time", "email": "email", "uri": "url"}


_READERS: dict[str, Callable[[str], Json]] = {"integer": int, "number": float, "json": json.loads}
_KINDS = {"integer": "a whole number", "number": "a number", "json": "JSON"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the form, with what stands in it."""

    name: str
    title: str
    kind: str  #: string | integer | number | boolean | json | lines
    text: str = ""
    help: str = ""
    default_json: str = "null"
    options: tuple[tuple[str, str], ...] = ()
    is_required: bool = False
    is_long: bool = False
    input_type: str = "text"
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    problem: str = ""


def fields(spec: DagSpec, given: Mapping[str, Json]) -> list[Field]:
    """Return the fields of a DAG's params, filled with `given` over the defaults."""
    return [_field(param, given.get(param.name, param.default)) for param in spec.params]


def _field(param: ParamSpec, value: Json) -> Field:
    schema = param.schema
    kind = _kind(param)
    return Field(
        name=param.name,
        title=str(schema.get("title", param.name)),
        kind=kind,
        text=_text(kind, value),
        help=str(param.description or schema.get("description", "")),
        default_json=_compact(param.default) if param.has_default else "",
        options=_options(schema, param.default),
        is_required=not param.has_default and "null" not in _types(schema),
        is_long=schema.get("format") == "multiline",
        input_type="number"
        if kind in {"integer", "number"}
        else _INPUTS.get(schema.get("format", ""), "text"),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        pattern=str(schema.get("pattern", "")),
    )


def _types(schema: Data) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _kind(param: ParamSpec) -> str:
    """Return how a param is filled in; one without a schema as its default is."""
    schema = param.schema
    kinds = [kind for kind in _types(schema) if kind != "null"]
    if not schema and isinstance(param.default, str | bool):
        return "string" if isinstance(param.default, str) else "boolean"
    if not kinds and all(isinstance(value, str) for value in schema.get("enum", [0])):
        return "string"
    if len(kinds) != 1:
        return "json"
    if kinds == ["array"]:
        items = schema.get("items")
        return "lines" if isinstance(items, dict) and _types(items) == ["string"] else "json"
    return "json" if kinds == ["object"] else kinds[0]


def _text(kind: str, value: Json) -> str:
    if value is None:
        return ""
    match kind:
        case "lines" if isinstance(value, list):
            return "\n".join(map(str, value))
        case "json" | "lines":
            return json.dumps(value, ensure_ascii=False)
        case "boolean":
            return "true" if value else "false"
        case _:
            return str(value)


def _options(schema: Data, default: Json) -> tuple[tuple[str, str], ...]:
    display = schema.get("values_display")
    shown = display if isinstance(display, dict) else {}
    values = [str(value) for value in schema.get("enum", []) if value is not None]
    blank = [("", "—")] if values and default is None else []
    return tuple(blank + [(value, str(shown.get(value, value))) for value in values])


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def read(spec: DagSpec, form: Mapping[str, str]) -> tuple[Data, list[Field]]:
    """Return the conf that a filled form means, and the form again with a sentence at each wrong field.

    Only what differs from the defaults goes into the conf. Raises BadConf when the JSON beside the fields
    is not an object.
    """
    conf: dict[str, Any] = _extra(form.get("extra", ""))
    shown = fields(spec, conf)
    for place, (param, field) in enumerate(zip(spec.params, shown, strict=True)):
        raw = form.get(f"param.{param.name}", "")
        try:
            value = _value(field.kind, raw, param)
        except ValueError as wrong:
            shown[place] = replace(field, text=raw, problem=str(wrong))
            continue
        shown[place] = replace(field, text=raw if field.kind != "boolean" else _text("boolean", value))
        if value != param.default or not param.has_default:
            conf[param.name] = value
    return conf, shown


def _value(kind: str, raw: str, param: ParamSpec) -> Json:
    if kind == "boolean":
        return raw == "true"
    if kind == "lines":
        return [line for line in raw.replace("\r\n", "\n").split("\n") if line.strip()]
    if raw == "" and (kind != "string" or param.default is None):
        return None
    if kind == "string":
        return raw.replace("\r\n", "\n")
    return _number_or_json(kind, raw)


def _number_or_json(kind: str, raw: str) -> Json:
    try:
        return _READERS[kind](raw)
    except (ValueError, RecursionError):
        raise ValueError(f"{raw[:40]!r} is not {_KINDS[kind]}.") from None


def _extra(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise BadConf(f"The conf is not JSON: {wrong}.") from wrong
    if not isinstance(value, dict):
        raise BadConf('The conf must be a JSON object, such as {"day": "2026-11-21"}.')
    return value
