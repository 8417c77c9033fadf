"""Serializers of a user's own, for values that Dirigent cannot pass between tasks by itself.

What is stored names the function that reads it, and only what was registered as a reader is ever called: whoever can
change a stored value could else have any function called. Where it is registered in its own module, a value finds it
wherever it is read, as that module is imported then.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, NamedTuple, TypeVar

from scheduler.errors import BadDag, NotSerializable
from scheduler.sdk.location import author_line

_T = TypeVar("_T")


class Serializer(NamedTuple):
    """How values of one class are written and read."""

    write: Callable[[Any], Any]
    reader: str  #: "module:name" of the function that reads


_by_class: Final[dict[type, Serializer]] = {}
_readers: Final[dict[str, Callable[[Any], Any]]] = {}


def register_serializer(kind: type[_T], write: Callable[[_T], Any], read: Callable[[Any], _T]) -> None:
    """Let values of a class, and of its subclasses, be passed between tasks.

    `write` turns one into what can be passed already: JSON types, dates, dataclasses, bytes. `read` turns that back; it
    stands at the top of a module that the files on both sides can import, and that registers it. Raises BadDag for a
    reader that could not be found again.
    """
    name = f"{read.__module__}:{getattr(read, '__qualname__', '<no function>')}"
    if "<" in name:
        raise BadDag(
            f"{author_line()}: register_serializer({kind.__name__}, ...) needs a reader at the top of a module; "
            f"{name!r} could not be found again."
        )
    _by_class[kind] = Serializer(write, name)
    _readers[name] = read


def serializer_for(kind: type) -> Serializer | None:
    """Return the serializer of a class or of the nearest class above it, None where there is none."""
    if not _by_class:
        return None
    return next((_by_class[each] for each in kind.__mro__ if each in _by_class), None)


def read_by(name: str, value: Any) -> Any:
    """Have the registered reader of this name read a value. Raises NotSerializable where there is none."""
    if name not in _readers:
        find(name, "Declare the function that reads it, and register it there,")
    if name not in _readers:
        raise NotSerializable(
            f"{name!r} was not registered as a reader; call register_serializer() in its module."
        )
    return _readers[name](value)


def find(name: str, remedy: str) -> Any:
    """Return what stands at the top of a module, by "module:name". Raises NotSerializable with the remedy."""
    module, _, qualified = name.partition(":")
    try:
        found: Any = sys.modules.get(module) or import_module(module)
        for part in qualified.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        raise NotSerializable(
            f"A value of {qualified!r} was passed here, but {module!r} does not hold it. {remedy} in a "
            "module below the DAG folder that the files on both sides import."
        ) from None
    return found
