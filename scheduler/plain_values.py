"""Values that tasks handed on, as people and programs of other kinds read them: JSON without the types of Python.

`sdk.xcom` keeps a Decimal as `{"__type__": "decimal", "value": "1.50"}`; here it is `"1.50"`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from scheduler.wire import TAG, Json


def plain(value: Json) -> Json:
    """Return a value without the types that it is kept with; what has no plain form, or is too deep, stays as it is."""
    try:
        return _plain(value)
    except RecursionError:
        return value


def read_plain(text: str) -> Json:
    """Return what stored JSON stands for; the text itself where it is only the masked beginning of a value."""
    try:
        return plain(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _plain(value: Json) -> Json:
    match value:
        case list():
            return [_plain(each) for each in value]
        case dict() if TAG in value:
            return _untagged(value)
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case _:
            return value


def _untagged(value: dict[str, Json]) -> Json:
    read = _PLAIN.get(str(value[TAG]))
    try:
        return value if read is None else read(value["value"])
    except (ArithmeticError, LookupError, TypeError, ValueError):  # A child may have sent anything.
        return value


def _items(value: Iterable[Json]) -> Json:
    return [_plain(each) for each in value]


def _pairs(value: Iterable[tuple[Json, Json]]) -> Json:
    return {_name(_plain(key)): _plain(each) for key, each in value}


def _name(key: Json) -> str:
    return key if isinstance(key, str) else json.dumps(key)


_PLAIN: Final[Mapping[str, Callable[[Any], Json]]] = {
    **dict.fromkeys(("datetime", "date", "time", "decimal", "uuid", "path", "bytes", "float"), str),
    **dict.fromkeys(("tuple", "set", "frozenset"), _items),
    "timedelta": lambda value: timedelta(*value).total_seconds(),
    "enum": lambda value: str(value[1]),
    "dict": _pairs,
    "dataclass": lambda value: _plain(dict(value[1])),
    "custom": lambda value: _plain(value[1]),
}
