"""How a param is filled in, by what its JSON schema says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from scheduler.wire import Data, Json, ParamSpec
from webui.form_choices import check_options, spelled

#: Formats whose value is a whole file, as react-jsonschema-form and others spell it.
_FILES: Final = frozenset({"data-url", "data-uri", "file"})
_BRANCHES: Final = ("anyOf", "oneOf")


def plain_schema(schema: Data) -> Data:
    """Return a schema with its choice between branches as what a form can draw, where it is one.

    Constants become an enum with their titles; one kind beside null becomes that kind, which may be null.
    """
    branches = next((schema[key] for key in _BRANCHES if isinstance(schema.get(key), list)), None)
    if not branches or not all(isinstance(each, dict) for each in branches):
        return schema
    rest = {key: value for key, value in schema.items() if key not in _BRANCHES}
    if all("const" in each for each in branches):
        words = {spelled("json", each["const"]): each["title"] for each in branches if "title" in each}
        words |= {str(each["const"]): each["title"] for each in branches if "title" in each}
        return {"values_display": words, **rest, "enum": [each["const"] for each in branches]}
    real = [each for each in branches if each.get("type") != "null"]
    if len(real) != 1 or len(branches) > 2:
        return schema
    return {**real[0], **rest, "type": [*types_of(real[0]), "null"]}


def types_of(schema: Data) -> list[str]:
    """Return the kinds of value that a schema names."""
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def kind_of(param: ParamSpec, schema: Data) -> str:
    """Return how a param is filled in; one that names no type as its default is."""
    kinds = [kind for kind in types_of(schema) if kind != "null"]
    if "const" in schema:
        return "const"
    if isinstance(schema.get("enum"), list):
        return "string" if all(isinstance(each, str | None) for each in schema["enum"]) else "json"
    match kinds:
        case []:
            return _kind_of_default(param.default)
        case ["array"]:
            return _kind_of_array(param, schema)
        case ["boolean"]:
            return "json" if "null" in types_of(schema) else "boolean"
        case ["string"]:
            return _kind_of_text(param, schema)
        case ["integer" | "number" as kind]:
            return kind
        case _:
            return "any" if "string" in kinds else "json"


def _kind_of_default(default: Json) -> str:
    match default:
        case str():
            return "string"
        case bool():
            return "boolean"
        case list() if _are_texts(default):
            return "lines"
        case _:
            return "json"


def _kind_of_array(param: ParamSpec, schema: Data) -> str:
    if check_options(schema):
        return "checks"
    items = schema.get("items")
    if isinstance(items, dict):
        return "lines" if types_of(items) == ["string"] else "json"
    return "lines" if items is None and _are_texts(param.default) else "json"


def _kind_of_text(param: ParamSpec, schema: Data) -> str:
    if schema.get("format") in _FILES:
        return "file"
    has_clock = schema.get("format") == "date-time" and is_moment(param.default)
    return "moment" if has_clock else "string"


def _are_texts(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def is_moment(value: Json) -> bool:
    """Tell whether a calendar and a clock can show this value; a template, for one, is shown as text."""
    try:
        return value is None or bool(as_moment(value))
    except ValueError:
        return False


def as_moment(value: Json) -> str | None:
    """Return an instant by the clock of UTC, as the form and the command line say it. Raises ValueError."""
    if value is None or value == "":
        return None
    at = datetime.fromisoformat(str(value))
    try:
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError(f"{value} is out of the range of dates") from None
    return at.isoformat(timespec="seconds")
