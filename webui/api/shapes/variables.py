"""Variables."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from webui.api.bulk import Bulk
from webui.api.frame import Answer, Body, Choosing, Ordered, Page, Query


class Variable(Answer):
    """A variable; what sounds secret in it is masked."""

    key: str
    value: str | None
    description: str | None
    is_encrypted: bool
    team_name: str | None = None


class Variables(Answer):
    """One page of the variables."""

    variables: list[Variable]
    total_entries: int


class VariablesWanted(Page, Choosing):
    """Which variables are listed."""

    variable_key_pattern: str | None = None
    variable_key_prefix_pattern: str | None = None
    order_by: Annotated[tuple[str, ...], Ordered("key", "id", "description", "is_encrypted")] = ()


class VariableBody(Body):
    """A variable as it is to be. A value that is no text is kept as JSON."""

    key: Annotated[str, Field(max_length=250)]
    value: JsonValue
    description: str | None = None
    team_name: str | None = None


class VariablePatch(Body):
    """What is to change of a variable."""

    key: str | None = None
    value: JsonValue = None
    description: str | None = None
    team_name: str | None = None


class VariableMask(Query):
    """Which fields of a body count; without it all that it has."""

    update_mask: tuple[Literal["key", "value", "val", "description", "team_name"], ...] = ()


class VariablesBulk(Bulk[VariableBody]):
    """Variables to create, change and delete."""
