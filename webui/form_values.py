"""What a filled form means: a conf from its fields or from the JSON beside them, and the form again with its faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Final

from werkzeug.datastructures import MultiDict

from scheduler.errors import BadConf, BadParams, TooLarge
from scheduler.operations.conf import check_param, read_conf
from scheduler.wire import DagSpec, Data, Json, ParamSpec
from webui.form_choices import value_of
from webui.form_kinds import as_moment, plain_schema, types_of
from webui.forms import Field, field_of, shown
from webui.tongues.speaking import gettext, marked

_KINDS: Final = {"integer": marked("a whole number"), "number": marked("a number")}
_MISSING: Final = marked("Give a value.")
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as somebody filled it: what it means, and what is wrong with it."""

    conf: Data
    fields: list[Field]
    #: What stands in the JSON beside the fields, where that could not be read.
    text: str = ""
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problem and not any(field.problem for field in self.fields)

    @property
    def told(self) -> Data:
        """What may stand in a link or a command line: no secret, and no file."""
        apart = {field.name for field in self.fields if field.is_apart}
        return {name: value for name, value in self.conf.items() if name not in apart}


def read(spec: DagSpec, form: Mapping[str, str], faults: Mapping[str, str] | None = None) -> Filled:
    """Return what the fields `param.NAME` and the JSON `conf` mean together.

    A field that was sent wins over the JSON, unless `by` says `json`: then the JSON is the whole, but for secrets
    and files, which stand in fields only. What is given neither way is left to the defaults, and what equals its
    default is left out. `faults`: what was found to be wrong before, by param.
    """
    given = MultiDict(form)
    text = given.get("conf", "")
    try:
        conf, problem = read_conf(text), ""
    except (BadConf, TooLarge) as wrong:
        conf, problem = {}, str(wrong)
    by_json = "json" in given.getlist("by") and not problem
    found = [
        _field(param, given.getlist(f"param.{param.name}"), conf, by_json=by_json) for param in spec.params
    ]
    found = [replace(each, problem=(faults or {}).get(each.name, each.problem)) for each in found]
    return Filled(conf, found, text if problem else "", problem)


def _field(param: ParamSpec, raw: list[str], conf: Data, *, by_json: bool) -> Field:
    """Read one param; put its value into the conf, where it differs from the default."""
    field = field_of(param, conf.get(param.name, param.default))
    is_sent = bool(raw) and (not by_json or (field.is_apart and raw != [""])) and field.kind != "const"
    if field.kind == "const":
        _lay(conf, param, param.schema["const"])
    try:
        if is_sent:
            value = _value(field, raw, param)
            _lay(conf, param, value)
            field = _refill(param, field, raw, value)
        if field.is_required and is_sent and param.name not in conf:
            return replace(field, problem=gettext(_MISSING))
        if is_sent or param.name in conf:
            check_param(param, conf.get(param.name, param.default))
    except (ValueError, BadParams) as wrong:
        return replace(field, problem=str(wrong), text=raw[-1] if is_sent else field.text)
    return field


def _lay(conf: Data, param: ParamSpec, value: Json) -> None:
    conf.pop(param.name, None)
    is_missing = (
        value is None and not param.has_default and "null" not in types_of(plain_schema(param.schema))
    )
    is_default = value == param.default and isinstance(value, bool) == isinstance(param.default, bool)
    if not is_missing and not (param.has_default and is_default):
        conf[param.name] = value


def _refill(param: ParamSpec, field: Field, raw: list[str], value: Json) -> Field:
    """Return the field with what was typed, as it was typed."""
    fresh = field_of(param, value)
    return fresh if field.kind in {"boolean", "checks"} else replace(fresh, text=raw[-1])


def _value(field: Field, raw: list[str], param: ParamSpec) -> Json:
    """Return what was sent, in the type of its schema. Raises ValueError with a sentence."""
    text, schema = raw[-1].replace("\r\n", "\n"), plain_schema(param.schema)
    match field.kind:
        case "boolean":
            return text == "true"
        case "checks":
            return _several([value_of(schema, each) for each in raw if each], param.default)
        case "lines":
            return [line for line in text.split("\n") if line.strip()]
        case "string":
            return None if not text and _is_empty_nothing(field, schema, param) else text
        case "moment":
            return _moment(text, param.default)
        case kind:
            return _readable(kind, text, schema, param) if text else None


def _several(values: list[Json], default: Json) -> Json:
    """Return what was chosen; the default, as its author ordered it, where it is the same."""
    is_default = isinstance(default, list) and sorted(map(repr, default)) == sorted(map(repr, values))
    return default if is_default else values


def _readable(kind: str, text: str, schema: Data, param: ParamSpec) -> Json:
    if kind == "file":
        return text
    return _any(text, schema, param) if kind == "any" else _number_or_json(kind, text)


def _is_empty_nothing(field: Field, schema: Data, param: ParamSpec) -> bool:
    """Tell whether an empty text means null: where null may be, and where nothing else is there to be meant."""
    return param.default is None or bool(field.options) or "null" in types_of(schema)


def _moment(text: str, default: Json) -> Json:
    """Return the instant; one that is the default's as the default is written."""
    try:
        moment = as_moment(text)
    except ValueError:
        raise ValueError(gettext("%(given)s is no date with a time.", given=repr(text[:40]))) from None
    return default if default is not None and moment == as_moment(default) else moment


def _any(text: str, schema: Data, param: ParamSpec) -> Json:
    """Return a text of several kinds: what JSON reads of it where the schema names that kind, else the text."""
    if param.has_default and text == shown("any", param.default):
        return param.default
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    kinds = tuple(_TYPES[kind] for kind in types_of(schema) if kind in _TYPES)
    is_number_of_bool = isinstance(value, bool) and "boolean" not in types_of(schema)
    return value if isinstance(value, kinds) and not is_number_of_bool else text


def _number(text: str) -> Json:
    try:
        return int(text)
    except ValueError:
        value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


_READERS: Final[dict[str, Callable[[str], Json]]] = {"integer": int, "number": _number, "json": json.loads}


def _number_or_json(kind: str, text: str) -> Json:
    try:
        return _READERS[kind](text)
    except json.JSONDecodeError as wrong:
        raise ValueError(
            gettext(
                "This is not JSON: %(wrong)s, line %(line)s, column %(column)s.",
                wrong=wrong.msg,
                line=wrong.lineno,
                column=wrong.colno,
            )
        ) from None
    except (ValueError, RecursionError):
        named = gettext(_KINDS[kind]) if kind in _KINDS else "JSON"
        raise ValueError(gettext("%(given)s is not %(kind)s.", given=repr(text[:40]), kind=named)) from None
