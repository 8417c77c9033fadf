"""`python -m tests.chaos.skewed SECONDS PYTHON -c CODE WORDS...`: runs a server whose clock is so far off.

The command line makes one clock and hands it to all that it builds; here it makes another one. The database and the
processes of tasks keep the time of the machine.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from functools import partial

from scheduler.cli import invocation
from scheduler.clock import SystemClock


class SkewedClock(SystemClock):
    """A wall clock that is wrong; the monotonic one is as right as ever."""

    def __init__(self, offset: timedelta) -> None:
        self._offset = offset

    def now(self) -> datetime:
        """Return the present instant as this host takes it."""
        return super().now() + self._offset


if __name__ == "__main__":
    seconds, _, _, code, *words = sys.argv[1:]
    vars(invocation)["SystemClock"] = partial(SkewedClock, timedelta(seconds=float(seconds)))
    sys.argv = ["dirigent", *words]
    exec(code)
