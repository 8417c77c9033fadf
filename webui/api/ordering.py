"""Lists that are read as a whole, narrowed and sorted as a request asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from scheduler.store.choices import Choice

Entry = TypeVar("Entry", bound=Mapping[str, Any])


def chosen(entries: Iterable[Entry], choice: Choice) -> list[Entry]:
    """Return the entries whose fields fulfil a choice, in its order; bounds are not looked at."""
    found = [each for each in entries if _is_chosen(each, choice)]
    return ordered(found, choice.order)


def ordered(
    entries: Iterable[Entry], order: Sequence[str], other_names: Mapping[str, str] | None = None
) -> list[Entry]:
    """Return entries sorted by the names of fields, the largest first where `-` stands before; nothing comes last."""
    found = list(entries)
    for name in reversed(order):
        field = name.removeprefix("-")
        field = (other_names or {}).get(field, field)
        with_value = [each for each in found if each[field] is not None]
        without = [each for each in found if each[field] is None]
        found = [*_sorted(with_value, field, is_down=name.startswith("-")), *without]
    return found


def _sorted(entries: list[Entry], field: str, *, is_down: bool) -> list[Entry]:
    def key(entry: Entry) -> Any:  # noqa: ANN401 - of the field's own type
        return entry[field]

    return sorted(entries, key=key, reverse=is_down)


def _is_chosen(entry: Mapping[str, Any], choice: Choice) -> bool:
    return (
        all(entry[name] in values for name, values in choice.among.items())
        and all(text.strip("%").lower() in entry[name].lower() for name, text in choice.like.items())
        and all(entry[name].startswith(text) for name, text in choice.starts.items())
    )
