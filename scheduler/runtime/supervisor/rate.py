"""How fast children may print: what is read of them costs time on the thread that serves all of them.

Each child has an allowance that it may save up. The children that have used theirs up share one rate, so that many
loud ones together cost no more than one, and a quiet one never waits for them.
"""

from __future__ import annotations

from typing import Final

from scheduler.clock import Clock

#: Cost of a second, and what may be saved up; a byte costs 1, a line `LINE_COST` more.
_RATE: Final = 8_000_000
_BURST: Final = 2_000_000
LINE_COST: Final = 200
#: What is passed over costs this part of what is written; beyond this debt, not even that is read.
SKIPPING: Final = 16
DEBT: Final = -_BURST
#: With so much saved up a child is no longer loud.
CALM: Final = _BURST // 2


class Rate:
    """What all children of a supervisor may print in a second once they have nothing saved up."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._loud: set[Allowance] = set()

    @property
    def share(self) -> float:
        """What each of the loud ones may print in a second."""
        return _RATE / max(1, len(self._loud))

    def share_with(self, allowance: Allowance) -> None:
        """Count a child among the loud ones."""
        self._loud.add(allowance)

    def leave(self, allowance: Allowance) -> None:
        """Count it no longer."""
        self._loud.discard(allowance)


class Allowance:
    """What one child may still print."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left = float(_BURST)
        self._counted_at = rate.clock.monotonic()

    def spend(self, cost: int) -> None:
        """Take off what was read."""
        self._left -= cost

    @property
    def now(self) -> float:
        """The instant, of the monotonic clock."""
        return self._rate.clock.monotonic()

    def left(self) -> float:
        """Return what it may still print now; below zero it has to wait, or is passed over."""
        if self._left > CALM:
            return self._left
        if self._left <= 0:
            self._rate.share_with(self)
        now = self.now
        self._left = min(_BURST, self._left + (now - self._counted_at) * self._rate.share)
        self._counted_at = now
        if self._left > CALM:
            self._rate.leave(self)
        return self._left

    def close(self) -> None:
        """Leave the rate to the others."""
        self._rate.leave(self)
