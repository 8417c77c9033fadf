"""Names that people give to what tasks share."""

from __future__ import annotations

from scheduler.core.ids import MAX_LENGTH
from scheduler.errors import BadName


def check_name(what: str, value: str) -> str:
    """Return the name of a pool, variable, connection or key that may be made; raises BadName that calls it `what`.

    Wider than ids: a DAG file may name any, and one that could not be made would keep its tasks waiting.
    """
    if not 0 < len(value) <= MAX_LENGTH or not value.isprintable() or value != value.strip():
        raise BadName(what, value)
    return value
