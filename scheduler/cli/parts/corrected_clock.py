"""The clock of servers on several hosts: each host's own, set right where it and the database's are apart.

Retries, deadlines and schedules are written by one host and judged by another. Two clocks that are a minute apart would
put them off by a minute; so there is one clock for all, the database's.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from scheduler.clock import Clock
from scheduler.errors import DatabaseUnavailable
from scheduler.store.engine import Database
from scheduler.store.instants import read_db_now

log = logging.getLogger(__name__)

#: Less than this is no error worth a jump: hosts that keep time by the network differ by milliseconds.
TOLERANCE: Final = timedelta(seconds=1)
#: An answer that took longer says too little about when it was given.
PROMPT_S: Final = 0.5
_RIGHT: Final = timedelta()


class CorrectedClock:
    """A clock that is compared with the database's now and then; it asks for no time in between."""

    def __init__(self, host: Clock) -> None:
        self._host = host
        self._correction = _RIGHT

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return self._host.now() + self._correction

    def monotonic(self) -> float:
        """Return seconds that never run backwards; comparable within one process only."""
        return self._host.monotonic()

    def compare(self, db: Database) -> None:
        """Measure how far the host is off, and go by that from now on; leave it where the database does not answer."""
        try:
            ahead = self._ahead(db)
        except DatabaseUnavailable:
            return
        if ahead is None:
            return
        correction = -ahead if abs(ahead) > TOLERANCE else _RIGHT
        if abs(correction - self._correction) > TOLERANCE:
            log.warning("%s", _words(-correction))
            self._correction = correction

    def _ahead(self, db: Database) -> timedelta | None:
        """Return how far the host's clock is ahead; None where the answer took too long to tell."""
        with db.read() as session:
            began_s, here = self.monotonic(), self._host.now()
            there = read_db_now(session)
            took_s = self.monotonic() - began_s
        return None if took_s > PROMPT_S else here + timedelta(seconds=took_s / 2) - there


def _words(ahead: timedelta) -> str:
    if not ahead:
        return "the clock of this host is right again, by the database's"
    side = "ahead of" if ahead > _RIGHT else "behind"
    seconds = abs(ahead.total_seconds())
    return f"the clock of this host is {seconds:.0f} s {side} the database's, which counts; set it right"
