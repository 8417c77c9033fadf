"""One operation of the API: what its view takes, what it answers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, get_type_hints

from pydantic import BaseModel, TypeAdapter

from webui.api.frame.models import Answer, Body, Query

M = TypeVar("M", bound=BaseModel)

_ARGUMENT: Final = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method at an address."""

    method: str
    rule: str
    tag: str
    view: Callable[..., Any]
    status: int
    query: type[Query] | None
    body: type[Body] | None
    #: None: nothing is answered but the status.
    answers: TypeAdapter[Any] | None
    #: Other kinds than JSON that it answers where they are asked for, and what a line of them is.
    streams: Mapping[str, type[Answer]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its id in the document."""
        return self.view.__name__

    @property
    def path(self) -> str:
        """Its address as the document writes it."""
        return _ARGUMENT.sub(r"{\2}", self.rule)

    @property
    def arguments(self) -> dict[str, str]:
        """The arguments of its address, with the converter of each."""
        return {name: converter or "string" for converter, name in _ARGUMENT.findall(self.rule)}

    @property
    def summary(self) -> str:
        """What it does, in one sentence."""
        return inspect.getdoc(self.view).partition("\n")[0]  # type: ignore[union-attr]  # every view has one

    @property
    def description(self) -> str:
        """What its docstring says besides."""
        return (inspect.getdoc(self.view) or "").partition("\n")[2].strip()


def taken_by(view: Callable[..., Any], kind: type[M]) -> type[M] | None:
    """Return the model of that kind that a view takes as an argument."""
    hints = get_type_hints(view)
    hints.pop("return", None)
    return next((each for each in hints.values() if inspect.isclass(each) and issubclass(each, kind)), None)
