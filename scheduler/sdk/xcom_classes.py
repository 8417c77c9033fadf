"""Values that are made of named fields: dataclasses, attrs classes and pydantic models, told apart without importing
either library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Any

from scheduler.errors import NotSerializable
from scheduler.sdk.serializers import find


def name_of(kind: type) -> str | None:
    """Return the name by which a class is found again; None for one inside a function."""
    return None if "<locals>" in kind.__qualname__ else f"{kind.__module__}:{kind.__qualname__}"


def has_fields(kind: type) -> bool:
    """Whether values of the class are their fields."""
    return dataclasses.is_dataclass(kind) or hasattr(kind, "__attrs_attrs__") or _is_model(kind)


def fields_of(value: Any) -> dict[str, Any]:
    """Return the fields by name; of a pydantic model what was given beside them, too."""
    kind = type(value)
    if _is_model(kind):
        return {name: getattr(value, name) for name in kind.model_fields} | (value.model_extra or {})
    names = [each.name for each in _declared(kind)]
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def rebuild(kind: Any, given: Mapping[str, Any]) -> Any:
    """Make a value of its fields. Nothing of the class runs: what was valid when it was passed is not checked anew."""
    if _is_model(kind):
        return kind.model_construct(**given)
    made = object.__new__(kind)
    for each in _declared(kind):
        if each.name in given:
            object.__setattr__(made, each.name, given[each.name])
    return made


def find_class(name: str) -> Any:
    """Return the class; only ever one with fields or an Enum, whatever the name says. Raises NotSerializable."""
    found = find(name, "Declare its class")
    if not isinstance(found, type) or not (has_fields(found) or issubclass(found, Enum)):
        raise NotSerializable(f"{name!r} is no dataclass, attrs class, pydantic model or Enum.")
    return found


def _is_model(kind: type) -> bool:
    return hasattr(kind, "model_construct") and hasattr(kind, "model_fields")


def _declared(kind: Any) -> tuple[Any, ...]:
    return dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else tuple(kind.__attrs_attrs__)
