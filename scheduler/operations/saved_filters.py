"""Keep filters of lists under a name, each person their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from scheduler.errors import BadParams, NotFound
from scheduler.operations.names import check_name
from scheduler.store import saved_filters
from scheduler.store.engine import Session

#: What a list can be narrowed by.
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "dags": ("q", "state", "tag", "favorites"),
    "runs": ("q", "state", "type", "from", "until", "owner", "tag", "words"),
}
_MOST: Final = 30
_LONGEST: Final = 60


def query_of(place: str, values: Mapping[str, str]) -> str:
    """Return a filter as an address says it, empty for none; what is no filter of the list is left out."""
    return urlencode([(key, values[key][:200]) for key in KEYS.get(place, ()) if values.get(key)])


def save_filter(session: Session, user_name: str, place: str, name: str, query: str) -> None:
    """Keep a filter; one of the name is replaced. Raises BadName and BadParams."""
    if place not in KEYS:
        raise BadParams(f"Filters are kept of {' and '.join(KEYS)}, not of {place!r}.")
    if not query:
        raise BadParams("This list is not filtered: choose a state or type a few letters, then keep that.")
    check_name("filter", name)
    if len(name) > _LONGEST:
        raise BadParams(f"The name has {len(name)} characters: use at most {_LONGEST}.")
    known = {each.name for each in saved_filters.list_filters(session, user_name, place)}
    if name not in known and len(known) >= _MOST:
        raise BadParams(f"You keep {_MOST} filters of this list already: forget one first.")
    saved_filters.save_filter(session, user_name, place, name, query)


def forget_filter(session: Session, user_name: str, place: str, name: str) -> None:
    """Keep a filter no longer. Raises NotFound."""
    if not saved_filters.delete_filter(session, user_name, place, name):
        raise NotFound("filter of yours", name)
