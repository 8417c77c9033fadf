"""What a request brings, checked: arguments of the address, parameters, a body."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeVar, get_args, get_origin

from flask import request
from pydantic import BaseModel, ValidationError

from webui.api.frame.models import Body
from webui.api.frame.operations import Operation
from webui.numbers import MOST
from webui.problems import Fault, Unprocessable

M = TypeVar("M", bound=BaseModel)
B = TypeVar("B", bound=Body)

#: Objects and lists of a body stand in each other this deep, and no deeper.
DEEPEST: Final = 64
#: So many faults of a request are told: a body of 4 MB may have a million.
MOST_FAULTS: Final = 100


def read(operation: Operation, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an operation's view is called with. Raises Unprocessable."""
    out = dict(arguments)
    if operation.query is not None:
        out["query"] = _checked(
            operation.query, "query", lambda model: model.model_validate(_parameters(model))
        )
    elif request.args:
        _refuse(("query", next(iter(request.args))), f"is unknown: {operation.name} takes no parameters")
    if operation.body is not None:
        out["body"] = _checked(operation.body, "body", _read_body)
    return out


def _parameters(model: type[BaseModel]) -> dict[str, Any]:
    names = {info.alias or name: _is_list(info.annotation) for name, info in model.model_fields.items()}
    out: dict[str, Any] = {}
    for name, values in request.args.lists():
        if len(values) > 1 and not names.get(name, True):
            _refuse(("query", name), "is given more than once")
        out[name] = values if names.get(name) else values[0]
    return out


def _is_list(annotation: Any) -> bool:  # noqa: ANN401 - an annotation is of any type
    return any(get_origin(each) is tuple for each in (annotation, *get_args(annotation)))


def _read_body(model: type[B]) -> B:
    """Return the body. Strict: `"true"` is no truth value there, as it is in an address."""
    text = request.get_data() or (b"{}" if model.MAY_BE_LEFT_OUT else b"")
    _check_json(text)
    return model.model_validate_json(text, strict=True)


def _check_json(text: bytes) -> None:
    """Refuse what is no JSON, what is nested too deeply, and texts that nobody can keep."""
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        why = "is nested too deeply" if isinstance(wrong, RecursionError) else f"is no JSON: {wrong}"
        _refuse(("body",), why)
    for depth, value in _all_of(found):
        if depth > DEEPEST:
            _refuse(("body",), f"is nested more than {DEEPEST} deep")
        if isinstance(value, str):
            _check_text(value)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _all_of(value: object) -> Iterator[tuple[int, object]]:
    """Walk through a value and what it holds, keys too, with how deep each stands; as far as is looked at."""
    waiting: list[tuple[int, object]] = [(0, value)]
    while waiting:
        depth, each = waiting.pop()
        yield depth, each
        if isinstance(each, dict):
            waiting += [(depth, key) for key in each]
            waiting += [(depth + 1, inner) for inner in each.values()]
        elif isinstance(each, list):
            waiting += [(depth + 1, inner) for inner in each]


def _check_text(text: str) -> None:
    """Refuse what no database and no answer can hold: the NUL character, and halves of characters."""
    if "\0" in text or (not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text)):
        _refuse(("body",), "holds a NUL character, or half of a surrogate pair: leave it out")


def _checked(model: type[M], place: str, reading: Callable[[type[M]], M]) -> M:
    try:
        found = reading(model)
    except ValidationError as wrong:
        faults = wrong.errors(include_url=False)[:MOST_FAULTS]
        raise Unprocessable([_fault(model, place, each) for each in faults]) from None
    for name, value in found:
        if any(isinstance(each, int) and abs(each) > MOST for each in _values(value)):
            _refuse((place, name), f"is larger than {MOST}, further than anything is counted")
    return found


def _values(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _fault(model: type[BaseModel], place: str, error: Mapping[str, Any]) -> Fault:
    message, where = error["msg"], tuple(error["loc"])
    if error["type"] == "extra_forbidden" and len(where) == 1:
        known = ", ".join(sorted(info.alias or name for name, info in model.model_fields.items()))
        message = f"is unknown; known are: {known}"
    elif place == "query" and isinstance(error["input"], str):
        message = f"{message}, not {error['input'][:40]!r}"
    return Fault((place, *where), message, error["type"])


def _refuse(place: tuple[str, ...], message: str) -> NoReturn:
    raise Unprocessable([Fault(place, message, "value_error")])
