"""Whether data from a child has the types that its dataclass declares: user code may have sent anything."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_Fits = Callable[[object], bool]


def check_shape(item: Any) -> None:  # noqa: ANN401 - any dataclass
    """Raise TypeError that names the first field, of a dataclass or of those within it, with another type."""
    for name, fits in _fields(item.__class__):
        value = getattr(item, name)
        if not fits(value):
            raise TypeError(f"{name} of {type(item).__name__} cannot be {repr(value)[:80]}")
        for part in _parts(value):
            check_shape(part)


def _parts(value: object) -> Iterator[object]:
    """Yield the dataclasses that a field holds."""
    for each in value if isinstance(value, tuple) else (value,):
        if is_dataclass(each):
            yield each


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, _Fits], ...]:
    hints = get_type_hints(kind)
    return tuple((each.name, _fits(hints[each.name])) for each in fields(kind))


def _fits(hint: Any) -> _Fits:  # noqa: ANN401 - a type, as `get_type_hints` gives it
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _any_of([_fits(each) for each in inner])
    if origin is Literal:
        return lambda value: isinstance(value, str) and value in inner
    if origin is tuple:
        return _all_in(tuple, _fits(inner[0]))
    if origin is dict:
        return _mapping(_fits(inner[1]))
    return _PLAIN.get(hint) or (lambda value: isinstance(value, hint))


def _any_of(options: list[_Fits]) -> _Fits:
    return lambda value: any(fits(value) for fits in options)


def _all_in(kind: type, fits: _Fits) -> _Fits:
    return lambda value: isinstance(value, kind) and all(map(fits, value))  # type: ignore[call-overload]


def _mapping(fits: _Fits) -> _Fits:
    return lambda value: (
        isinstance(value, dict) and all(isinstance(key, str) and fits(each) for key, each in value.items())
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, float) and not math.isnan(value))


_PLAIN: dict[object, _Fits] = {
    Any: lambda value: True,
    NoneType: lambda value: value is None,
    int: _is_whole,
    float: _is_number,
}
