"""Typed inputs of a run: a JSON schema and a default each. The page draws its form from them."""

from __future__ import annotations

from typing import Any, Final

from scheduler.sdk.arguments import bad_argument


class _Unset:
    """Stands for "no default": whoever triggers the run must give the value."""

    def __repr__(self) -> str:
        return "<unset>"


UNSET: Final = _Unset()


class Param:
    """One input: `Param(5, type="integer", minimum=1, description="days")`.

    The keywords are JSON schema (2020-12): type, enum, minimum, maximum, format, pattern, title, examples and
    so on. Without a default the value must be given at each trigger.
    """

    def __init__(self, default: Any = UNSET, description: str | None = None, **schema: Any) -> None:
        nested = schema.pop("schema", {})
        if not isinstance(nested, dict):
            raise bad_argument("schema", nested, "give a JSON schema as a dict")
        self.default = default
        self.description = description
        self.schema: dict[str, Any] = {**nested, **schema}

    @property
    def has_default(self) -> bool:
        """Whether a run can be triggered without giving it."""
        return not isinstance(self.default, _Unset)

    def __repr__(self) -> str:
        return f"Param({self.default!r}, {self.schema!r})"


class DagParam:
    """Stands for a param of the run while the graph is built: an argument of a `@dag` function."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return "{{ params[" + repr(self.name) + "] }}"

    def __repr__(self) -> str:
        return f"DagParam({self.name!r})"


def read_params(given: object) -> dict[str, Param]:
    """Read `params=`: plain values become params without a schema."""
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(isinstance(name, str) for name in given):
        raise bad_argument("params", given, "give a dict from names to values or Param(...)")
    return {name: value if isinstance(value, Param) else Param(value) for name, value in given.items()}
