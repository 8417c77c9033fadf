"""The trigger form: fields from the JSON schemas of params, and a conf from what a person filled in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
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
    kind: str  #: string | moment | integer | number | boolean | json | lines
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
    section: str = ""
    examples: tuple[str, ...] = ()
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
        default_json=_compact(_moment(param.default) if kind == "moment" else param.default)
        if param.has_default
        else "",
        options=_options(schema, param.default),
        is_required=not param.has_default and "null" not in _types(schema),
        is_long=schema.get("format") == "multiline",
        input_type=_input_type(kind, schema, param.default),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        pattern=str(schema.get("pattern", "")),
        section=str(schema.get("section") or ""),
        examples=_examples(schema),
    )


def _default_json(kind: str, param: ParamSpec) -> str:
    """Return what the browser holds a field against."""
    if not param.has_default:
        return ""
    return _compact(_moment(param.default) if kind == "moment" else param.default)


def _input_type(kind: str, schema: Data, default: Json) -> str:
    if kind in {"integer", "number"}:
        return "number"
    wanted = _INPUTS.get(schema.get("format", ""), "text")
    is_text = wanted == "datetime-local" and kind != "moment" and not _is_moment(default)
    return "text" if is_text else wanted


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
    if kinds == ["string"] and schema.get("format") == "date-time" and _is_moment(param.default):
        return "moment"
    return "json" if kinds == ["object"] else kinds[0]


def _is_moment(value: Json) -> bool:
    """Tell whether a calendar and a clock can show this default; a template, for one, is shown as text."""
    try:
        return value is None or bool(_moment(value))
    except ValueError:
        return False


def _moment(value: Json) -> str | None:
    """Return an instant by the clock of UTC, as the form and the command line say it. Raises ValueError."""
    if value is None or value == "":
        return None
    at = datetime.fromisoformat(str(value))
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return at.isoformat(timespec="seconds")


def _text(kind: str, value: Json) -> str:
    if value is None:
        return ""
    match kind:
        case "lines" if isinstance(value, list):
            return "\n".join(map(str, value))
        case "json" | "lines":
            return json.dumps(value, ensure_ascii=False)
        case "moment":
            return _clock(str(value))
        case "boolean":
            return "true" if value else "false"
        case _:
            return str(value)


def _clock(text: str) -> str:
    """Return what a field of date and time shows: no zone."""
    try:
        return (_moment(text) or "").removesuffix("+00:00")
    except ValueError:
        return text


def _examples(schema: Data) -> tuple[str, ...]:
    """Return what may be chosen or overtyped."""
    given = schema.get("examples")
    return tuple(map(str, given)) if isinstance(given, list) else ()


def sections(fields: Iterable[Field]) -> list[tuple[str, list[Field]]]:
    """Return the fields by section, sections in the order of their first fields."""
    found: dict[str, list[Field]] = {}
    for field in fields:
        found.setdefault(field.section, []).append(field)
    return list(found.items())


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
    if kind == "moment":
        return _given_moment(raw, param.default)
    if kind == "string":
        return raw.replace("\r\n", "\n")
    return _number_or_json(kind, raw)


def _given_moment(raw: str, default: Json) -> Json:
    """Return the instant; one that is the default's as the default is written."""
    try:
        moment = _moment(raw)
    except ValueError:
        raise ValueError(f"{raw[:40]!r} is no date with a time.") from None
    return default if default is not None and moment == _moment(default) else moment


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
