"""What `scheduler.schemas` does, by jsonschema and regex: loaded with the first schema."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import regex
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, UnknownType, ValidationError, best_match
from jsonschema.validators import extend
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
from referencing.exceptions import Unresolvable

from scheduler.schemas import STEPS, UnusableSchema
from scheduler.wire import Json

#: Seconds that all patterns of a schema may take together.
PATTERNS_S: Final = 0.5
_SHOWN: Final = 80
#: Its patterns would be searched for without a time limit, also by keywords beside it.
_NO_PATTERN_PROPERTIES: Final = "patternProperties is not supported; use propertyNames with a pattern"

#: What jsonschema calls for a keyword: validator, what the schema says, the value, the schema.
_Keyword = Callable[[Any, Json, Json, Json], Iterator[ValidationError] | None]


@dataclass(slots=True)
class _Effort:
    """What is left of it in one check."""

    steps: int
    patterns_s: float = PATTERNS_S

    def spend_step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise UnusableSchema("it takes too many steps; its references may multiply")


_effort: ContextVar[_Effort] = ContextVar("effort")


def check_schema(schema: Json) -> None:
    """See `scheduler.schemas`."""
    if not isinstance(schema, dict):
        raise UnusableSchema("it must be an object")
    if fault := find_fault(Draft202012Validator.META_SCHEMA, schema, STEPS):
        raise UnusableSchema(_short(fault.message))
    if "patternProperties" in _names_in(schema):
        raise UnusableSchema(_NO_PATTERN_PROPERTIES)


def find_fault(schema: Json, value: Json, steps: int) -> ValidationError | None:
    """See `scheduler.schemas`."""
    token = _effort.set(_Effort(steps))
    try:
        validator = _Validator(schema, registry=REGISTRY, format_checker=_FORMATS)
        fault: ValidationError | None = best_match(validator.iter_errors(value))
        return fault
    except RecursionError:
        raise UnusableSchema("it refers to itself without end") from None
    except (
        SchemaError,
        UnknownType,
        Unresolvable,
        ArithmeticError,
        ValueError,
        TypeError,
        re.error,
    ) as error:
        raise UnusableSchema(_short(str(error))) from None
    finally:
        _effort.reset(token)


def _names_in(schema: dict[str, Json]) -> set[str]:
    """Return the names at any depth. Deeper schemas than Python can follow were refused before."""
    found: set[str] = set()
    waiting: list[Json] = [schema]
    while waiting:
        match waiting.pop():
            case dict() as each:
                found.update(each)
                waiting += each.values()
            case list() as each:
                waiting += each
            case _:
                pass
    return found


def _counted(keyword: _Keyword) -> _Keyword:
    def check(validator: Any, rule: Json, value: Json, schema: Json) -> Iterator[ValidationError] | None:  # noqa: ANN401 - jsonschema's own form
        _effort.get().spend_step()
        if "patternProperties" in schema:
            raise UnusableSchema(_NO_PATTERN_PROPERTIES)
        return keyword(validator, rule, value, schema)

    return check


def _pattern(validator: Any, pattern: Json, value: Json, schema: Json) -> Iterator[ValidationError]:  # noqa: ANN401 - jsonschema's own form
    if isinstance(value, str) and not _finds(str(pattern), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _finds(pattern: str, text: str) -> bool:
    effort, began_s = _effort.get(), monotonic()
    try:
        return regex.search(pattern, text, timeout=max(effort.patterns_s, 0.001), concurrent=True) is not None
    except TimeoutError:
        raise UnusableSchema(f"its pattern {_short(pattern)} takes too long; nest no repetitions") from None
    except regex.error as error:
        raise UnusableSchema(f"its pattern {_short(pattern)} is none: {error}") from None
    finally:
        effort.patterns_s -= monotonic() - began_s


def _unique(validator: Any, wanted: Json, value: Json, schema: Json) -> Iterator[ValidationError]:  # noqa: ANN401 - jsonschema's own form
    """Compare by text: two by two, a thousand values would take a million comparisons."""
    if wanted and isinstance(value, list):
        seen = {json.dumps(each, sort_keys=True) for each in value}
        if len(seen) < len(value):
            yield ValidationError(f"{value!r} has non-unique elements")


def _short(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


_FORMATS: Final = Draft202012Validator.FORMAT_CHECKER
_KEYWORDS: Final = {**Draft202012Validator.VALIDATORS, "pattern": _pattern, "uniqueItems": _unique}
_Validator: Final = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {name: _counted(keyword) for name, keyword in _KEYWORDS.items()}
)
