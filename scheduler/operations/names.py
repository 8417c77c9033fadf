"""Names that people give to what tasks share."""

from __future__ import annotations

from scheduler.core.ids import MAX_LENGTH
from scheduler.errors import BadName, BadParams


def check_name(what: str, value: str) -> str:
    """Return the name of a pool, variable, connection or key that may be made; raises BadName that calls it `what`.

    Wider than ids: a DAG file may name any, and one that could not be made would keep its tasks waiting.
    """
    if not 0 < len(value) <= MAX_LENGTH or not value.isprintable() or value != value.strip():
        raise BadName(what, value)
    return value


def as_line(text: str) -> str:
    """Return a text that a stranger chose as a line that can be kept and shown.

    What moves a terminal's cursor or turns the reading direction becomes `?`.
    """
    return "".join(each if each.isprintable() else "?" for each in text)


def is_storable(text: str) -> bool:
    """Whether every database can keep a text: it has no NUL, and no half of a character."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def check_text(what: str, text: str) -> None:
    """Raise BadParams, which calls it `what`, for a text that not every database can keep."""
    if not is_storable(text):
        raise BadParams(f"{what} holds a NUL character or half of one, which cannot be stored.")
