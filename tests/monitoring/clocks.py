"""A clock that stands still unless it is told to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class HandClock:
    """Time passes when a test says so."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def pass_time(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
