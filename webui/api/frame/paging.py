"""Pages of a list: `limit` and `offset`, bounded."""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import Field

from webui.api.frame.models import Query
from webui.numbers import MOST as LARGEST

T = TypeVar("T")

#: More than this a page never holds; a larger limit is cut to it.
MOST: Final = 1000
_DEFAULT: Final = 50


class Page(Query):
    """Which part of a list is wanted."""

    limit: int = Field(default=_DEFAULT, ge=0, le=LARGEST)
    offset: int = Field(default=0, ge=0, le=LARGEST)

    @property
    def count(self) -> int:
        """How many entries to give."""
        return min(self.limit, MOST)

    def part(self, entries: list[T]) -> list[T]:
        """Return the wanted part of a list that was read as a whole."""
        return entries[self.offset : self.offset + self.count]
