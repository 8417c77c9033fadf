"""The lead: a lease by the database's clock. Who holds it plans, and only until the lease is over.

A process that was frozen wakes up and does not know it. So each transaction of the leader that ends long after the
lead was last asked for asks once more before its commit: it prolongs the lead in the same transaction, or writes
nothing. One that ends soon needs no question, as nobody can have taken over meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from scheduler.clock import Clock
from scheduler.errors import LeadLost
from scheduler.store.engine import Database, Session
from scheduler.store.leaders import give_up_lead, keep_lead, take_lead
from scheduler.store.transaction import keep_quiet

T = TypeVar("T")
ROLE: Final = "scheduler"
LEASE_S: Final = 6.0
#: Who leads prolongs the lease this often; who does not asks for it at each tick.
RENEW_S: Final = LEASE_S / 3


class Lead:
    """Whether this process leads. Times are those before the question, so they err on the safe side.

    Any thread may call `transact`.
    """

    def __init__(self, db: Database, clock: Clock, holder: str) -> None:
        self.holder = holder
        self._db = db
        self._clock = clock
        self._was_given = False
        self._asked_at: tuple[float, datetime] | None = None

    @property
    def is_held(self) -> bool:
        """Whether it was given, and nobody else can have it yet."""
        return self._was_given and self.age_s < LEASE_S

    @property
    def age_s(self) -> float:
        """Seconds since it was last asked for. The monotonic clock stands still while a machine sleeps; clocks jump."""
        if self._asked_at is None:
            return LEASE_S
        monotonic, at = self._asked_at
        return max(self._clock.monotonic() - monotonic, (self._clock.now() - at) / timedelta(seconds=1))

    def ask(self) -> bool:
        """Take the lead or prolong it; false where another holds it."""
        self._asked_at, self._was_given = self._now(), self._db.transact(self._take)
        return self._was_given

    def transact(self, work: Callable[[Session], T]) -> T:
        """Do a transaction of the leader. Raises LeadLost, and writes nothing, where another leads by now."""
        asked_at: list[tuple[float, datetime]] = []

        def fenced(session: Session) -> T:
            result = work(session)
            asked_at.clear()
            if self.age_s >= RENEW_S:
                asked_at.append(self._now())
                self._keep(session)
            return result

        result = self._db.transact(fenced)
        if asked_at:
            [self._asked_at] = asked_at
        return result

    def give_up(self) -> None:
        """Let another take over at once."""
        if self._was_given:
            self._was_given = False
            self._db.transact(lambda session: give_up_lead(session, ROLE, self.holder))

    def _now(self) -> tuple[float, datetime]:
        return self._clock.monotonic(), self._clock.now()

    def _take(self, session: Session) -> bool:
        keep_quiet(session)
        return take_lead(session, ROLE, self.holder, LEASE_S)

    def _keep(self, session: Session) -> None:
        """Prolong the lead; its row is locked until the commit, so nobody takes over before."""
        if not keep_lead(session, ROLE, self.holder, LEASE_S):
            self._was_given = False
            raise LeadLost(f"{self.holder} leads no more: it was not heard of for longer than its lease.")
