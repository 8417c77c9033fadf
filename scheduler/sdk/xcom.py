"""What may be passed between tasks, and how it is written down as JSON.

JSON's own types are kept as they are. Other types are kept as `{"__type__": name, "value": ...}`: datetime,
date, time, timedelta, Decimal, UUID, bytes, Path, tuple, set, frozenset, Enum, dataclasses, attrs classes, pydantic
models, dicts whose keys are not strings, the floats that JSON lacks, arrays and frames (`xcom_arrays`), and what
`register_serializer` knows. A dict of the user's that has the key `__type__` itself is wrapped, so nothing is mistaken
for a tag.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any, Final
from uuid import UUID

from scheduler.errors import NotSerializable, TooLarge
from scheduler.sdk.serializers import read_by, serializer_for
from scheduler.sdk.xcom_classes import fields_of, find_class, has_fields, name_of, rebuild
from scheduler.wire import TAG, XCOM_LIMIT_BYTES, Json

_ARRAYS: Final = "scheduler.sdk.xcom_arrays"
#: Libraries whose values it knows.
_WITH_ARRAYS: Final = frozenset({"numpy", "pandas", "pyarrow"})


def encode(value: Any, *, what: str = "The value") -> Json:
    """Return JSON-ready data; `what` names the value in messages.

    Raises NotSerializable, which names the type, where it is and what to do; TooLarge above 48 MB.
    """
    try:
        encoded = _encode(value, "")
        size = len(json.dumps(encoded, separators=(",", ":")))
    except RecursionError:
        raise NotSerializable(
            f"{what} refers to itself, or is nested too deeply, and cannot be kept."
        ) from None
    except _Unknown as error:
        raise NotSerializable(
            f"{what}{error.where} is of the type {_name(error.kind)}. {_remedy(error.kind)}"
        ) from None
    if size > XCOM_LIMIT_BYTES:
        raise TooLarge(f"{what} (keep large data in a file and pass its path)", size, XCOM_LIMIT_BYTES)
    return encoded


def decode(data: Json) -> Any:
    """Return the value that was encoded; only where user code runs, for it may import the user's classes."""
    if isinstance(data, list):
        return [decode(each) for each in data]
    if not isinstance(data, dict):
        return data
    if TAG not in data:
        return {key: decode(each) for key, each in data.items()}
    decode_one = _DECODERS.get(data[TAG]) or import_module(_ARRAYS).READERS[data[TAG]]
    return decode_one(data["value"])


class _Unknown(Exception):
    def __init__(self, kind: type, where: str) -> None:
        super().__init__(kind, where)
        self.kind = kind
        self.where = where


def _encode(value: Any, where: str) -> Json:
    if value is None or type(value) in (str, int, bool):
        return value
    if type(value) is list:
        return [_encode(each, f"{where}[{index}]") for index, each in enumerate(value)]
    if isinstance(value, Mapping):
        return _encode_mapping(value, where)
    if (own := serializer_for(type(value))) is not None:
        return _tagged("custom", [own.reader, _encode(own.write(value), where)])
    if (
        type(value).__module__.partition(".")[0] in _WITH_ARRAYS
        and (known := _array(value, where)) is not None
    ):
        return _tagged(*known)
    for kind, name, to_json in _ENCODERS:
        if isinstance(value, kind):
            return _tagged(name, to_json(value, where))
    return _encode_rest(value, where)


def _array(value: Any, where: str) -> tuple[str, Json] | None:
    try:
        written: tuple[str, Json] | None = import_module(_ARRAYS).write(value)
    except NotSerializable as error:
        raise NotSerializable(f"{error} It stands at {where}." if where else str(error)) from None
    return written


def _encode_mapping(value: Mapping[Any, Any], where: str) -> Json:
    if all(type(key) is str for key in value) and TAG not in value:
        return {key: _encode(each, f"{where}[{key!r}]") for key, each in value.items()}
    return _tagged(
        "dict", [[_encode(key, where), _encode(each, f"{where}[{key!r}]")] for key, each in value.items()]
    )


def _encode_rest(value: Any, where: str) -> Json:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _tagged("float", repr(float(value)))
    if not isinstance(value, type) and has_fields(type(value)):
        return _tagged("dataclass", [_class_name(value, where), _fields(value, where)])
    if isinstance(value, str | int):
        return str(value) if isinstance(value, str) else int(value)
    if hasattr(type(value), "all_items"):
        # What a mapped task handed on (`gathered.LazyXComs`) is kept as a list.
        value = value.all_items()
    if isinstance(value, list):
        return [_encode(each, f"{where}[{index}]") for index, each in enumerate(value)]
    raise _Unknown(type(value), f" at {where}" if where else "")


def _tagged(name: str, value: Json) -> Json:
    return {TAG: name, "value": value}


def _items(value: Any, where: str) -> Json:
    return [_encode(each, f"{where}[{index}]") for index, each in enumerate(value)]


def _sorted_items(value: Any, where: str) -> Json:
    """Sets have no order; a stable one lets the same set give the same text."""
    return sorted(_items(value, where), key=lambda each: json.dumps(each, sort_keys=True))


def _fields(value: Any, where: str) -> Json:
    return {name: _encode(each, f"{where}.{name}") for name, each in fields_of(value).items()}


def _class_name(value: Any, where: str) -> str:
    name = name_of(type(value))
    if name is None:
        raise _Unknown(type(value), f" at {where}" if where else "")
    return name


#: In this order: a datetime is a date too, and an Enum may be a string too.
_ENCODERS: Final[tuple[tuple[type, str, Callable[[Any, str], Json]], ...]] = (
    (Enum, "enum", lambda value, where: [_class_name(value, where), value.name]),
    (datetime, "datetime", lambda value, _: value.isoformat()),
    (date, "date", lambda value, _: value.isoformat()),
    (time, "time", lambda value, _: value.isoformat()),
    (timedelta, "timedelta", lambda value, _: [value.days, value.seconds, value.microseconds]),
    (Decimal, "decimal", lambda value, _: str(value)),
    (UUID, "uuid", lambda value, _: str(value)),
    (PurePath, "path", lambda value, _: str(value)),
    (bytes, "bytes", lambda value, _: base64.b64encode(value).decode()),
    (bytearray, "bytes", lambda value, _: base64.b64encode(value).decode()),
    (tuple, "tuple", _items),
    (frozenset, "frozenset", _sorted_items),
    (set, "set", _sorted_items),
)


def _decode_enum(value: Json) -> Any:
    return find_class(value[0])[value[1]]


def _decode_fields(value: Json) -> Any:
    return rebuild(find_class(value[0]), {name: decode(each) for name, each in value[1].items()})


_DECODERS: Final[Mapping[str, Callable[[Json], Any]]] = {
    "enum": _decode_enum,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda value: timedelta(*value),
    "decimal": Decimal,
    "uuid": UUID,
    "path": Path,
    "bytes": base64.b64decode,
    "tuple": lambda value: tuple(decode(each) for each in value),
    "frozenset": lambda value: frozenset(decode(each) for each in value),
    "set": lambda value: {decode(each) for each in value},
    "dict": lambda value: {decode(key): decode(each) for key, each in value},
    "float": float,
    "dataclass": _decode_fields,
    "custom": lambda value: read_by(value[0], decode(value[1])),
}


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _remedy(kind: type) -> str:
    for module, advice in _ADVICE.items():
        if kind.__module__.partition(".")[0] == module:
            return advice
    return (
        "Tasks can pass JSON types, datetime, Decimal, set, tuple, bytes, frames, and dataclasses, attrs classes and "
        "pydantic models declared at the top of a module; turn it into one of these, tell how with "
        "register_serializer(), or write it to a file and return the path."
    )


_ADVICE: Final = {
    "polars": "Call .to_arrow() or .to_dicts() on a small frame, or write it to a file and return the path.",
}
