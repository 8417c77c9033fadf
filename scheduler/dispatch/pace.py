"""How long a worker waits for outcomes that come together, so that they share a transaction."""

from __future__ import annotations

from typing import Final

from scheduler.clock import Clock

#: Steps begin at least so far apart, in seconds.
SPACING_S: Final = 0.003
#: A full worker has more work than slots: there a step waits until half of them have ended (by default there are
#: twice as many left as cores), at most so many times as long as the last step took, and not longer than this in all.
FULL_PACE: Final = 3
FULL_SPACING_S: Final = 0.03


class Pace:
    """Says of a worker with a free slot, and of a full one, how many outcomes a step waits for, and until when.

    While a slot is free that is a few milliseconds, and none where nothing else runs. In a full worker the wait is
    as long as pays: the slots that are still taken keep the machine busy.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spare_until_s = self._full_until_s = clock.monotonic()

    def note_step(self, began_s: float) -> None:
        """Take note that a step has ended that began at this instant of the monotonic clock."""
        took_s = self._clock.monotonic() - began_s
        self._spare_until_s = began_s + SPACING_S
        self._full_until_s = began_s + max(SPACING_S, min(FULL_SPACING_S, FULL_PACE * took_s))

    def left_s(self, *, is_full: bool) -> float:
        """Return for how many seconds the next step may still be waited for; none where it is 0 or less."""
        return (self._full_until_s if is_full else self._spare_until_s) - self._clock.monotonic()


def enough(taken: int, *, is_full: bool) -> int:
    """Return how many outcomes of the slots that are taken are worth a step at once."""
    return max(1, taken // 2 if is_full else taken)
