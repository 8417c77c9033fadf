"""What can be chosen in a field: the values of an enum, or of the items of an array, and how a form spells them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from scheduler.wire import Data, Json


def spelled(kind: str, value: Json) -> str:
    """Return a value as the text that a choice of this kind sends; None is an empty one."""
    if value is None and kind != "checks":
        return ""
    if isinstance(value, str) and kind != "json":
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def options_of(kind: str, schema: Data, *, has_blank: bool) -> tuple[tuple[str, str], ...]:
    """Return the values of an enum with their words; a blank first, where nothing may be chosen too."""
    values = schema.get("enum")
    if not isinstance(values, list):
        return ()
    words = _words(schema)
    real = [each for each in values if each is not None]
    found = [(spelled(kind, each), _word(words, each)) for each in real]
    blank = words.get("null") or words.get("None") or "—"
    is_blank = has_blank or len(real) < len(values)
    return (*([("", blank)] if is_blank else []), *found)


def check_options(schema: Data) -> tuple[tuple[str, str], ...]:
    """Return of what an array takes several: the enum of its items, or its examples, as Airflow has it."""
    words = _words(_items(schema)) | _words(schema)
    return tuple((spelled("checks", each), _word(words, each)) for each in choices(schema))


def _items(schema: Data) -> Data:
    items = schema.get("items")
    return items if isinstance(items, dict) else {}


def choices(schema: Data) -> Sequence[Json]:
    """Return the values of which an array takes several; none where it takes what it likes."""
    items = _items(schema)
    for given in (items.get("enum"), _constants(items), schema.get("examples")):
        if isinstance(given, list) and given and all(isinstance(each, str | int | float) for each in given):
            return given
    return ()


def _constants(items: Data) -> list[Any]:
    branches = items.get("oneOf") or items.get("anyOf") or []
    found = [each["const"] for each in branches if isinstance(each, dict) and "const" in each]
    return found if len(found) == len(branches) else []


def value_of(schema: Data, text: str) -> Json:
    """Return the value that a box of `check_options` stands for; a text that is none of them as it is."""
    known = {spelled("checks", each): each for each in choices(schema)}
    return known.get(text, text)


def _words(schema: Data) -> dict[str, str]:
    display = schema.get("values_display")
    titles = {
        spelled("checks", each["const"]): str(each["title"])
        for each in schema.get("oneOf") or schema.get("anyOf") or []
        if isinstance(each, dict) and "const" in each and "title" in each
    }
    return titles | (
        {str(key): str(value) for key, value in display.items()} if isinstance(display, dict) else {}
    )


def _word(words: dict[str, str], value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return words.get(text) or words.get(str(value)) or str(text)
