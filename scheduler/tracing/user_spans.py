"""Spans that the code of an attempt made, as its process sends them: anything until it was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from scheduler.errors import BadSpan
from scheduler.shapes import check_shape
from scheduler.wire import Data

#: Of one message.
MOST_SPANS: Final = 1_000
_LONGEST_NAME: Final = 250
_LONGEST_TEXT: Final = 10_000
_TEXTS: Final = {"scope": _LONGEST_NAME, "description": _LONGEST_TEXT}
_MOST_PARTS: Final = 128
_LAST_NS: Final = 2**63 - 1
_PLAIN: Final = (str, bool, int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEvent:
    """Something that happened within a span."""

    name: str
    at_ns: int
    attributes: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSpan:
    """A span; ids are 16 hexadecimal digits, times are nanoseconds since 1970."""

    name: str
    scope: str
    span_id: str
    parent_id: str | None
    start_ns: int
    end_ns: int
    kind: Literal["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] = "INTERNAL"
    status: Literal["UNSET", "OK", "ERROR"] = "UNSET"
    description: str = ""
    attributes: Data = field(default_factory=dict)
    events: tuple[UserEvent, ...] = ()


def read_user_spans(found: object) -> list[UserSpan]:
    """Read spans. Raises BadSpan for what is none; whatever is too long is cut."""
    if not isinstance(found, list) or len(found) > MOST_SPANS:
        raise BadSpan(f"Spans come as a list of at most {MOST_SPANS}.")
    try:
        return [_read(each) for each in found]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadSpan(f"A span cannot be read: {error}") from error


def _read(item: Data) -> UserSpan:
    data = {each.name: item[each.name] for each in fields(UserSpan) if each.name in item}
    data["events"] = tuple(_event(each) for each in data.get("events", ())[:_MOST_PARTS])
    data["attributes"] = _attributes(data.get("attributes", {}))
    texts = {
        name: _text(data[name], most) for name, most in _TEXTS.items() if isinstance(data.get(name), str)
    }
    span = UserSpan(**data | texts | {"name": _text(data["name"])})
    check_shape(span)
    for name in (span.span_id, span.parent_id):
        if name is not None and not 0 < int(name, 16) < 2**64:
            raise ValueError(f"{name!r} is no id of a span")
    _check_times(span.start_ns, span.end_ns, *(each.at_ns for each in span.events))
    return span


def _event(item: Data) -> UserEvent:
    return UserEvent(
        name=_text(item["name"]),
        at_ns=item["at_ns"],
        attributes=_attributes(item.get("attributes", {})),
    )


def _attributes(found: Data) -> Data:
    return {_text(key): _value(value) for key, value in list(found.items())[:_MOST_PARTS]}


def _value(value: Any) -> Any:  # noqa: ANN401 - what OpenTelemetry takes: plain values and lists of them
    if isinstance(value, list):
        return [_value(each) for each in value[:_MOST_PARTS] if isinstance(each, _PLAIN)]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LAST_NS:
        return str(value)
    return value if isinstance(value, (bool, int, float)) else _text(value, _LONGEST_TEXT)


def _text(value: object, most: int = _LONGEST_NAME) -> str:
    """Return text that a collector takes: half a pair of surrogates would lose all that is sent with it."""
    return str(value)[:most].encode(errors="replace").decode()


def _check_times(*times: int) -> None:
    for each in times:
        if not 0 <= each <= _LAST_NS:
            raise ValueError(f"{each} is no time in nanoseconds since 1970")
