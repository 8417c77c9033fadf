"""Follow the log of an attempt to its end, whoever writes it and wherever it lies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from scheduler.cli.parts.attempt_logs import AttemptLogs
from scheduler.core.states import LIVE_ATTEMPT
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import DIRIGENT, LogLine
from scheduler.store.views.tasks import Attempt

#: Between two looks for more.
LOOK_S: Final = 0.25


def log_lines(
    reader: AttemptLogs, address: LogAddress, look: Callable[[], Attempt], *, follow: bool
) -> Iterator[LogLine]:
    """Yield the lines of a log: those that are there, or all until the attempt ended.

    `look` tells how the attempt stands. The last lines of one that has just ended are waited for.
    """
    offset = 0
    while True:
        attempt = look()
        part = reader.read(address, offset)
        yield from part.lines
        offset = part.next_offset
        if part.done or (attempt.state in LIVE_ATTEMPT and not follow and not part.data):
            return
        if not part.data:
            if attempt.state not in LIVE_ATTEMPT and reader.is_all_here(attempt.end_date):
                yield from _cause_of_death(attempt)
                return
            time.sleep(LOOK_S)


def _cause_of_death(attempt: Attempt) -> Iterator[LogLine]:
    """Say why a log stops in the middle."""
    words = (
        f"This log has no end; the attempt is recorded as {attempt.state}: {attempt.reason or 'no reason'}."
    )
    if attempt.start_date or attempt.claimed_at:
        yield LogLine(attempt.end_date, "error", DIRIGENT, words)
