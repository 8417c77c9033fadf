"""What stands in keywords for a value that is asked for when it is used."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final


class LateValue:
    """Behaves as the value that `find` returns when something of it is first used. `is None` alone it cannot answer."""

    __slots__ = ("_find", "_found")

    def __init__(self, find: Callable[[], Any]) -> None:
        object.__setattr__(self, "_find", find)

    def __getattribute__(self, name: str) -> Any:
        return getattr(_value(self), name)


def _value(late: LateValue) -> Any:
    """Ask once."""
    try:
        return object.__getattribute__(late, "_found")
    except AttributeError:
        found = object.__getattribute__(late, "_find")()
        object.__setattr__(late, "_found", found)
        return found


#: Python looks for these on the class.
_ASKED_OF_THE_VALUE: Final[dict[str, Callable[..., Any]]] = {
    "__bool__": bool,
    "__hash__": hash,
    "__str__": str,
    "__repr__": repr,
    "__format__": format,
    "__int__": int,
    "__float__": float,
    "__index__": operator.index,
    "__eq__": operator.eq,
    "__ne__": operator.ne,
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
    "__add__": operator.add,
    "__sub__": operator.sub,
    "__radd__": lambda value, other: other + value,
    "__rsub__": lambda value, other: other - value,
}


def _asking(do: Callable[..., Any]) -> Callable[..., Any]:
    def asked(late: LateValue, *others: Any) -> Any:
        return do(_value(late), *others)

    return asked


for _name, _do in _ASKED_OF_THE_VALUE.items():
    setattr(LateValue, _name, _asking(_do))
