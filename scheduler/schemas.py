"""JSON schemas of params: values are held against them within a bounded effort, and nothing is fetched.

An author writes the schema, anybody may type the value, and both meet in processes on which everything depends.
So a `$ref` leads nowhere outside of the schema, patterns have a time limit and let other threads work meanwhile,
and references that multiply end after a number of steps.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from scheduler.errors import DirigentError
from scheduler.wire import Json

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

#: One keyword held against one value is a step; the largest conf takes fewer with any schema people write.
STEPS: Final = 1_000_000


class UnusableSchema(DirigentError):
    """A schema is none, leads outside of itself, or takes too long."""


def check_schema(schema: Json) -> None:
    """Raise UnusableSchema for what is no JSON schema (2020-12), or cannot be held against values here."""
    _checks().check_schema(schema)


def find_fault(schema: Json, value: Json, *, steps: int = STEPS) -> ValidationError | None:
    """Return the most telling fault of a value, None where it fits the schema. Raises UnusableSchema."""
    fault: ValidationError | None = _checks().find_fault(schema, value, steps)
    return fault


@cache
def _checks() -> Any:  # noqa: ANN401 - a module
    """Load it with the first schema: a process that meets none does without jsonschema."""
    return import_module("scheduler.schema_checks")
