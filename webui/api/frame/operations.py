"""One operation of the API: what its view takes, what it answers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar, get_type_hints

from pydantic import BaseModel, TypeAdapter

from webui.api.frame.models import Answer, Body, Query

M = TypeVar("M", bound=BaseModel)
_BUILDING: Final = Lock()

_ARGUMENT: Final = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


@dataclass(slots=True, kw_only=True)
class Operation:
    """A method at an address. Its models are built when it is asked first: all of them take a tenth of a start."""

    method: str
    rule: str
    tag: str
    view: Callable[..., Any]
    status: int
    query: type[Query] | None
    body: type[Body] | None
    #: A model, or a union of models; None: nothing is answered but the status.
    shape: Any
    #: Other kinds than JSON that it answers where they are asked for, and what a line of them is.
    streams: Mapping[str, type[Answer]] = field(default_factory=dict)
    #: Headers that it needs, and what they say.
    headers: Mapping[str, str] = field(default_factory=dict)
    _answers: TypeAdapter[Any] | None = None

    @property
    def answers(self) -> TypeAdapter[Any] | None:
        """What checks and writes its answers."""
        if self._answers is None and self.shape is not None:
            with _BUILDING:
                self._answers = TypeAdapter(self.shape)
        return self._answers

    def build(self) -> None:
        """Build the models of what is asked, one thread at a time."""
        for model in (self.query, self.body):
            if model is not None and not model.__pydantic_complete__:
                with _BUILDING:
                    model.model_rebuild()

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
