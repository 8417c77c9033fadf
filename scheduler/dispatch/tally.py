"""What a worker counts and logs of its attempts as they begin and end."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from scheduler.clock import parse_instant
from scheduler.dispatch.jobs import about
from scheduler.metrics import instruments as meter
from scheduler.store.claims import Claimed
from scheduler.wire import Outcome

log = logging.getLogger(__name__)

#: Ends that somebody may want to read of in the server's log.
_UNHAPPY: Final = frozenset({"failed", "lost", "cancelled"})


def note_claims(claims: Iterable[Claimed], now: datetime) -> None:
    """Take note of attempts that were claimed."""
    for claim in claims:
        meter.note_delays(claim.queue, claim.scheduled_at, claim.queued_at, now)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("attempt %s is claimed", claim.id, extra=about(claim))


def note_ended(claim: Claimed, outcome: Outcome) -> None:
    """Take note of an attempt that ended, as its process told it."""
    seconds = None
    if outcome.started_at and outcome.ended_at:
        began, ended = parse_instant(outcome.started_at), parse_instant(outcome.ended_at)
        seconds = (ended - began).total_seconds()
    meter.note_attempt(outcome.state, claim.kind, seconds, outcome.cpu_s)
    level = logging.INFO if outcome.state in _UNHAPPY else logging.DEBUG
    if log.isEnabledFor(level):
        fields = about(claim) | {"state": outcome.state}
        log.log(level, "attempt %s ended as %s", claim.id, outcome.state, extra=fields)
