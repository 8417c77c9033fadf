"""The duty that deletes what nobody asks for any more. Runs and their history are not among it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from scheduler.loop.duties import Duty
from scheduler.store.alerts import delete_old_firings
from scheduler.store.api_tokens import delete_old_tokens
from scheduler.store.engine import Session
from scheduler.store.kept_answers import delete_old_answers
from scheduler.store.logs import delete_old_logs
from scheduler.store.outbox import delete_old_messages, give_up_for_nobody
from scheduler.store.run_ends import prune_outages
from scheduler.store.sessions import delete_stale
from scheduler.store.sign_in_failures import delete_old_tries
from scheduler.store.tallies import prune_tallies
from scheduler.store.trials import delete_old_trials
from scheduler.store.unused_code import delete_unused_snapshots
from scheduler.store.workers import delete_gone_workers

#: How long what nothing refers to is kept.
CODE_FOR: Final = timedelta(days=1)
WORKERS_FOR: Final = timedelta(days=1)
MESSAGES_FOR: Final = timedelta(days=30)
#: How long a token that has expired or was revoked is still listed.
TOKENS_FOR: Final = timedelta(days=7)
#: Between two looks where the last one left nothing to delete.
REST: Final = timedelta(hours=1)


def prune_sign_ins(session: Session, now: datetime, limit: int) -> int:
    """Delete links, sessions and tokens that count no more, and tries to sign in that are forgotten."""
    gone = delete_stale(session, now) + delete_old_tries(session, now)
    return gone + delete_old_tokens(session, now - TOKENS_FOR)


def prune_messages(session: Session, now: datetime, limit: int) -> int:
    """Delete messages that were sent or given up long ago."""
    return delete_old_messages(session, now - MESSAGES_FOR, limit)


def prune_alerts(session: Session, now: datetime, limit: int) -> int:
    """Delete firings of alert rules that were over long ago."""
    return delete_old_firings(session, now - MESSAGES_FOR, limit)


def prune_workers(session: Session, now: datetime, limit: int) -> int:
    """Delete the rows of workers that stopped or died."""
    return delete_gone_workers(session, now - WORKERS_FOR, limit)


def prune_code(session: Session, now: datetime, limit: int) -> int:
    """Delete snapshots that no run, version or DAG refers to, with their contents."""
    return delete_unused_snapshots(session, now - CODE_FOR, limit)


PARTS: Final[Sequence[Duty]] = (
    *(prune_sign_ins, prune_messages, prune_alerts, prune_workers, prune_code),
    *(prune_tallies, prune_outages, delete_old_answers, delete_old_trials),
)


@dataclass(slots=True)
class Prune:
    """Deletes a batch of each kind, and rests once there was none left to fill."""

    #: After so many days logs go from the database; 0: never.
    log_days: int = 30
    #: Channels that messages may go to.
    channels: Collection[str] = ()
    _rests_until: datetime | None = None

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Delete what is over; return the largest count of one kind."""
        if self._rests_until is not None and now < self._rests_until:
            return 0
        give_up_for_nobody(session, now, self.channels)
        count = max(part(session, now, limit) for part in (*PARTS, self._prune_logs))
        if count < limit:
            self._rests_until = now + REST
        return count

    def _prune_logs(self, session: Session, now: datetime, limit: int) -> int:
        return delete_old_logs(session, now - timedelta(days=self.log_days), limit) if self.log_days else 0
