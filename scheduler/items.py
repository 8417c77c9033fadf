"""The items of a value that was handed on: how many, and each of them. Values as they are kept (`sdk.xcom`)."""

from __future__ import annotations

from typing import Final

from scheduler.wire import TAG, Json

#: The tag of what stands in the place of a value that is kept elsewhere (`scheduler.payloads`).
PAYLOAD: Final = "payload"
#: What is kept with its type as a list of its items.
_OF_ITEMS: Final = frozenset({"tuple", "set", "frozenset", "dict"})


def length_of(value: Json) -> int | None:
    """Return how many items a value has that a task may be mapped over; None for any other, texts among them."""
    if isinstance(value, dict) and value.get(TAG) == PAYLOAD:
        length: int | None = value["value"].get("length")
        return length
    if isinstance(value, dict) and TAG in value:
        return len(value["value"]) if value[TAG] in _OF_ITEMS else None
    return len(value) if isinstance(value, list | dict) else None


def item_of(value: Json, index: int) -> Json:
    """Return one item; of a dict one pair of key and value; of what is kept elsewhere what stands in its place."""
    if isinstance(value, dict) and value.get(TAG) == PAYLOAD:
        return value
    if isinstance(value, list):
        return value[index]
    if TAG not in value:
        return {TAG: "tuple", "value": list(list(value.items())[index])}
    if value[TAG] == "dict":
        return {TAG: "tuple", "value": value["value"][index]}
    return value["value"][index]


def describe(value: Json) -> str:
    """Say what a value is that has no items."""
    if isinstance(value, dict):
        return f"a {value[TAG]}"
    return f"the {type(value).__name__} {value!r:.80}"
