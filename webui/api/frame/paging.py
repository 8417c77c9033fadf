"""Pages of a list: `limit` and `offset`, bounded."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final, TypeVar

from pydantic import Field

from webui.api.frame.models import Query
from webui.numbers import MOST as LARGEST
from webui.problems import Fault, Unprocessable

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


class Cursored(Page):
    """A page that may also be asked for by the cursor of the page before; an empty one asks for the first."""

    cursor: str | None = None

    @property
    def start(self) -> int:
        """How many entries stand before the page. Raises Unprocessable for a cursor that is none of ours."""
        if not self.cursor:
            return self.offset
        try:
            return int(urlsafe_b64decode(self.cursor.encode()).removeprefix(b"after "))
        except ValueError:
            fault = Fault(("query", "cursor"), "is none that an answer gave", "value_error")
            raise Unprocessable([fault]) from None

    def cursors(self, found: int) -> dict[str, Any]:
        """Return what leads to the next page and to the one before, of a page with so many entries."""
        if self.cursor is None:
            return {}
        start = self.start
        return {
            "next_cursor": _cursor(start + self.count) if found == self.count > 0 else None,
            "previous_cursor": _cursor(max(0, start - self.count)) if start else None,
        }


def _cursor(start: int) -> str:
    return urlsafe_b64encode(b"after %d" % start).decode()
