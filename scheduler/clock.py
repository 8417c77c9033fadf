"""The one place that asks what time it is. Everything below the edges takes `now` as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the edges (loop, worker, page, command line) need to know about time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards; comparable within one process only."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run backwards; comparable within one process only."""
        return time.monotonic()


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant; it must carry an offset. Returned in UTC.

    Raises ValueError that names the text when it cannot be read, is naive, or is none in UTC.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it as {text}Z or with an offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside of the calendar") from None
