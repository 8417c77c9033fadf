"""Small functions of `airflow.utils.helpers` and `airflow.utils.module_loading` that files import."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, TypeVar

from scheduler.sdk.ids import check_id

_T = TypeVar("_T")


def chunks(items: Sequence[_T], chunk_size: int) -> Iterator[Sequence[_T]]:
    """Cut a list into pieces of one size; the last may be shorter."""
    for start in range(0, len(items), chunk_size):
        yield items[start : start + chunk_size]


def merge_dicts(dict1: Mapping[str, Any], dict2: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two mappings, those within them too; the second wins."""
    merged = dict(dict1)
    for key, value in dict2.items():
        both = isinstance(merged.get(key), Mapping) and isinstance(value, Mapping)
        merged[key] = merge_dicts(merged[key], value) if both else value
    return merged


def as_flattened_list(iterable: Iterable[Iterable[_T]]) -> list[_T]:
    """Return the items of all lists in one."""
    return [each for inner in iterable for each in inner]


def prune_dict(val: Any, mode: str = "strict") -> Any:
    """Leave out what is None, or with mode "truthy" all that counts as false, however deep."""
    if isinstance(val, Mapping):
        return {key: prune_dict(each, mode) for key, each in val.items() if _is_kept(each, mode)}
    if isinstance(val, list):
        return [prune_dict(each, mode) for each in val if _is_kept(each, mode)]
    return val


def _is_kept(value: Any, mode: str) -> bool:
    return bool(value) if mode == "truthy" else value is not None


def exactly_one(*args: Any) -> bool:
    """Whether one of the values, and no more, counts as true."""
    return sum(map(bool, args)) == 1


def at_most_one(*args: Any) -> bool:
    """Whether no more than one of the values counts as true."""
    return sum(map(bool, args)) <= 1


def is_container(obj: Any) -> bool:
    """Whether it can be looped over and is no text."""
    return hasattr(obj, "__iter__") and not isinstance(obj, str)


def validate_key(k: str, max_length: int = 250) -> None:
    """Raise BadId for what cannot be the id of a DAG or task."""
    check_id("key", k)


def import_string(dotted_path: str) -> Any:
    """Import the object that a path such as "package.module.name" names."""
    module, _, name = dotted_path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def qualname(o: object | Callable[..., Any]) -> str:
    """Return the path by which an object can be imported."""
    kind = o if hasattr(o, "__qualname__") else type(o)
    return f"{kind.__module__}.{kind.__qualname__}"


def iter_namespace(package: ModuleType) -> Iterator[str]:
    """Yield the names of the modules of a package."""
    return (each.name for each in pkgutil.iter_modules(package.__path__, f"{package.__name__}."))


def to_boolean(astring: str | None) -> bool:
    """Whether a text says yes: "true", "t", "yes", "y", "1", "on"."""
    return astring is not None and astring.strip().lower() in ("true", "t", "yes", "y", "1", "on")
