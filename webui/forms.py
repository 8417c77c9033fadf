"""The trigger form: fields from the JSON schemas of params, filled with values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

from scheduler.logs.mask import is_sensitive
from scheduler.wire import DagSpec, Data, Json, ParamSpec
from webui.form_choices import check_options, choices, options_of, spelled
from webui.form_kinds import as_moment, is_moment, kind_of, plain_schema, types_of
from webui.tongues.speaking import gettext, marked
from webui.uploads import name_of

_INPUTS: Final = {
    "date": "date",
    "date-time": "datetime-local",
    "time": "time",
    "email": "email",
    "uri": "url",
    "password": "password",
}
#: What a text must be for a picker to show it; another one stands in a plain field.
_READABLE: Final = {"date": date.fromisoformat, "time": time.fromisoformat}
_NO_HTML: Final = marked(
    "The HTML that its author wrote for it (custom_html_form) is not drawn: "
    "no script of a DAG file runs in this page."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the form, with what stands in it."""

    name: str
    title: str
    kind: str  #: string | moment | integer | number | boolean | json | any | lines | checks | const | file
    text: str = ""
    chosen: tuple[str, ...] = ()  #: of `checks`
    help: str = ""
    note: str = ""
    default_json: str = "null"
    options: tuple[tuple[str, str], ...] = ()
    values_json: str = ""  #: of the options of `checks`
    is_required: bool = False
    is_long: bool = False
    is_secret: bool = False
    input_type: str = "text"
    minimum: float | None = None
    maximum: float | None = None
    step: str = ""
    shortest: int | None = None
    longest: int | None = None
    pattern: str = ""
    accept: str = ""
    section: str = ""
    examples: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_apart(self) -> bool:
        """Whether it stands in no JSON, link or command line: secrets, and files."""
        return self.is_secret or self.kind == "file"

    @property
    def file_name(self) -> str:
        """What the file in it is called."""
        return name_of(self.text)


def fields(spec: DagSpec, given: Mapping[str, Json]) -> list[Field]:
    """Return the fields of a DAG's params, filled with `given` over the defaults."""
    return [field_of(param, given.get(param.name, param.default)) for param in spec.params]


def field_of(param: ParamSpec, value: Json) -> Field:
    """Return the field of a param with a value in it."""
    schema = plain_schema(param.schema)
    kind = kind_of(param, schema)
    is_secret = kind == "string" and "enum" not in schema and _is_secret(param.name, schema)
    text = spelled(kind, value) if "enum" in schema else shown(kind, value)
    return Field(
        name=param.name,
        title=str(schema.get("title", param.name)),
        kind=kind,
        text=text,
        chosen=_chosen(kind, value),
        help=str(param.description or schema.get("description_md") or schema.get("description") or ""),
        note=gettext(_NO_HTML) if "custom_html_form" in schema else "",
        default_json=_default_json(kind, param),
        values_json=_compact(choices(schema)) if kind == "checks" else "",
        options=_options(kind, schema, param, value),
        is_required=not param.has_default and "null" not in types_of(schema) and kind != "const",
        is_long=schema.get("format") == "multiline",
        is_secret=is_secret,
        input_type="password" if is_secret else _input_type(kind, schema, (param.default, value)),
        section=str(schema.get("section") or ""),
        examples=_examples(kind, schema),
        **_bounds(kind, schema),
    )


def _is_secret(name: str, schema: Data) -> bool:
    return schema.get("format") == "password" or schema.get("writeOnly") is True or is_sensitive(name)


def _default_json(kind: str, param: ParamSpec) -> str:
    """Return what the browser holds a field against."""
    if not param.has_default:
        return ""
    return _compact(as_moment(param.default) if kind == "moment" else param.default)


def _input_type(kind: str, schema: Data, values: tuple[Json, Json]) -> str:
    """Return the picker of a format; plain text where a value, such as a template, cannot stand in it."""
    if kind in {"integer", "number"}:
        return "number"
    wanted = _INPUTS.get(schema.get("format", ""), "text")
    if wanted == "datetime-local" and kind != "moment":
        return "text"
    return wanted if all(_can_stand(wanted, value) for value in values) else "text"


def _can_stand(wanted: str, value: Json) -> bool:
    if value is None or value == "":
        return True
    if wanted == "datetime-local":
        return is_moment(value)
    try:
        read = _READABLE.get(wanted)
        return read is None or getattr(read(str(value)), "tzinfo", None) is None
    except ValueError:
        return False


def _bounds(kind: str, schema: Data) -> dict[str, Any]:
    by_one = 1 if kind == "integer" else 0
    least, most = _number(schema, "exclusiveMinimum"), _number(schema, "exclusiveMaximum")
    minimum, maximum = _number(schema, "minimum"), _number(schema, "maximum")
    multiple = _number(schema, "multipleOf")
    pattern = schema.get("pattern", "")
    return {
        "minimum": minimum if minimum is not None or least is None else least + by_one,
        "maximum": maximum if maximum is not None or most is None else most - by_one,
        "step": str(multiple) if multiple and not minimum else "any" if kind == "number" else "",
        "shortest": _number(schema, "minLength"),
        "longest": _number(schema, "maxLength"),
        # A schema finds its pattern anywhere, a browser wants it to be the whole.
        "pattern": rf"[\s\S]*(?:{pattern})[\s\S]*" if isinstance(pattern, str) and pattern else "",
        "accept": str(schema.get("contentMediaType") or ""),
    }


def _number(schema: Data, name: str) -> Any:  # noqa: ANN401 - a whole number stays one
    value = schema.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def shown(kind: str, value: Json) -> str:
    """Return how a value stands in its field."""
    if value is None:
        return ""
    match kind:
        case "lines" if isinstance(value, list):
            return "\n".join(map(str, value))
        case "any" if isinstance(value, str):
            return value
        case "json" | "lines" | "any":
            return _pretty(value)
        case "moment":
            return _clock(str(value))
        case "boolean":
            return "true" if value else "false"
        case _:
            return str(value)


def _pretty(value: Json) -> str:
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) < 60 else json.dumps(value, ensure_ascii=False, indent=2)


def _clock(text: str) -> str:
    """Return what a field of date and time shows: no zone."""
    try:
        return (as_moment(text) or "").removesuffix("+00:00")
    except ValueError:
        return text


def _chosen(kind: str, value: Json) -> tuple[str, ...]:
    if kind != "checks" or not isinstance(value, list):
        return ()
    return tuple(spelled(kind, each) for each in value)


def _examples(kind: str, schema: Data) -> tuple[str, ...]:
    """Return what may be chosen or overtyped."""
    given = schema.get("examples")
    return tuple(map(str, given)) if isinstance(given, list) and kind != "checks" else ()


def _options(kind: str, schema: Data, param: ParamSpec, value: Json) -> tuple[tuple[str, str], ...]:
    """Return what can be chosen: texts of the form, and words; also a value that should not stand there."""
    if kind == "checks":
        found = check_options(schema)
        strange = [each for each in _chosen(kind, value) if each not in dict(found)]
        return (*found, *((each, each) for each in strange))
    if (
        kind == "json"
        and "enum" not in schema
        and types_of(schema)
        and set(types_of(schema)) == {"boolean", "null"}
    ):
        return ("", "—"), ("true", gettext("yes")), ("false", gettext("no"))
    found = options_of(kind, schema, has_blank=param.default is None or "null" in types_of(schema))
    text = spelled(kind, value)
    return (*found, (text, text)) if found and text and text not in dict(found) else found


def sections(fields: Iterable[Field]) -> list[tuple[str, list[Field]]]:
    """Return the fields by section, sections in the order of their first fields."""
    found: dict[str, list[Field]] = {}
    for field in fields:
        found.setdefault(field.section, []).append(field)
    return list(found.items())


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
