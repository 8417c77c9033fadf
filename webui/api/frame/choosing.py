"""Which entries of a list a request asks for, read off the names of its parameters.

`X_gte`, `X_gt`, `X_lte` and `X_lt` bound X, `X_pattern` is a text that X holds, `X_prefix_pattern` one that it begins
with, `order_by` names columns, and any other parameter is a value of its column, or a list of values. What a view
reads by itself its `Query` names in `BY_ITSELF`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Final

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from scheduler.errors import BadParams
from scheduler.store.choices import Choice, Range
from webui.api.frame.models import Instant, Query

_BOUNDS: Final = ("gte", "gt", "lte", "lt")
#: Values of one column at once: PostgreSQL takes 65,535 in a statement, of which a list may narrow ten columns.
MOST_VALUES: Final = 5_000
_PAGE: Final = frozenset({"limit", "offset", "order_by", "page_limit", "page_offset", "cursor"})


class Choosing(Query):
    """Parameters that narrow a list."""

    BY_ITSELF: ClassVar[frozenset[str]] = frozenset()

    def choice(self) -> Choice:
        """Return what is asked for."""
        return chosen_by(self, {}, but=self.BY_ITSELF)


def chosen_by(model: BaseModel, columns: Mapping[str, str], *, but: Collection[str] = ()) -> Choice:
    """Return what a model's fields ask for; `columns` are those of fields that are named otherwise.

    Raises BadParams for more values than a database takes.
    """
    kinds: dict[str, dict[str, Any]] = defaultdict(dict)
    bounds: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, value in model:
        _check_count(name, value)
        if value is None or value == () or name in _PAGE or name in but:
            continue
        stem, _, last = name.rpartition("_")
        if last in _BOUNDS:
            bounds[stem][last] = value
        else:
            kind, column = _kind(columns.get(name, name))
            kinds[kind][column] = [value] if kind == "among" and isinstance(value, str | int) else value
    ranges = {name: Range(**each) for name, each in bounds.items()}
    order = getattr(model, "order_by", None) or ()
    return Choice(**kinds, ranges=ranges, order=(order,) if isinstance(order, str) else order)


def _check_count(name: str, value: object) -> None:
    if isinstance(value, list | tuple) and len(value) > MOST_VALUES:
        raise BadParams(
            f"{name} has {len(value):,} values, too many for a list: give at most {MOST_VALUES:,}."
        )


def _kind(name: str) -> tuple[str, str]:
    for kind, ending in (("starts", "_prefix_pattern"), ("like", "_pattern")):
        if name.endswith(ending):
            return kind, name.removesuffix(ending)
    return "among", name


class Ordered:
    """Marks an `order_by`: these columns, each with `-` before it for the largest first."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.known = [*names, *(f"-{name}" for name in names)]

    def check(self, given: Any) -> Any:  # noqa: ANN401 - some names, one, or none
        """Return the names. Raises ValueError for one that there is not."""
        for each in [given] if isinstance(given, str) else given or ():
            if each not in self.known:
                raise ValueError(f"{each[:80]!r} is none of {', '.join(self.names)}, with - before it or not")
        return given

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after pydantic has."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Tell the document which there are."""
        found, known = handler(schema), {"type": "string", "enum": self.known}
        return (
            {**found, "items": known}
            if found.get("type") == "array"
            else {"anyOf": [known, {"type": "null"}]}
        )


class RunAfter(BaseModel):
    """Bounds of when a run was due."""

    run_after_gte: Instant | None = None
    run_after_gt: Instant | None = None
    run_after_lte: Instant | None = None
    run_after_lt: Instant | None = None


class LogicalDate(BaseModel):
    """Bounds of a run's logical date."""

    logical_date_gte: Instant | None = None
    logical_date_gt: Instant | None = None
    logical_date_lte: Instant | None = None
    logical_date_lt: Instant | None = None


class Started(BaseModel):
    """Bounds of when something began."""

    start_date_gte: Instant | None = None
    start_date_gt: Instant | None = None
    start_date_lte: Instant | None = None
    start_date_lt: Instant | None = None


class Ended(BaseModel):
    """Bounds of when something ended."""

    end_date_gte: Instant | None = None
    end_date_gt: Instant | None = None
    end_date_lte: Instant | None = None
    end_date_lt: Instant | None = None


class Took(BaseModel):
    """Bounds of how many seconds something took."""

    duration_gte: float | None = None
    duration_gt: float | None = None
    duration_lte: float | None = None
    duration_lt: float | None = None


class Updated(BaseModel):
    """Bounds of when something last changed."""

    updated_at_gte: Instant | None = None
    updated_at_gt: Instant | None = None
    updated_at_lte: Instant | None = None
    updated_at_lt: Instant | None = None
