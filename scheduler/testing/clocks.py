"""Time in tests: it stands or passes as elsewhere, and can be put forward."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scheduler.clock import Clock


class StandingClock:
    """A clock that stands at an instant."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant."""
        return self._instant

    def monotonic(self) -> float:
        """Return seconds that stand, too."""
        return 0.0


class TestClock:
    """Another clock, put forward by as much as a test has not waited."""

    __test__ = False  # pytest collects no tests from it

    def __init__(self, below: Clock) -> None:
        self._below = below
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the present instant of the test."""
        return self._below.now() + self._ahead

    def monotonic(self) -> float:
        """Return seconds of the test."""
        return self._below.monotonic() + self._ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        """Put it forward."""
        self._ahead += timedelta(seconds=seconds)

    def advance_to(self, instant: datetime) -> None:
        """Put it forward to an instant, unless that is past."""
        self._ahead += max(timedelta(), instant - self.now())
