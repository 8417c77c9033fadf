"""The leases of a worker: prolonged at each heartbeat, and nothing alive here when one runs out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event, Thread

from scheduler.clock import Clock
from scheduler.dispatch.hands import Launcher
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.metrics import instruments as meter
from scheduler.store.claims import Claimed
from scheduler.store.engine import Database, Session
from scheduler.store.leases import Renewal, cancellations, renew_leases
from scheduler.store.transaction import keep_quiet
from scheduler.store.workers import register_worker, renew_worker
from scheduler.vitals import Pulse

#: What somebody asked to stop is looked up this often, in seconds: a heartbeat may be far off.
OBEY_S = 1.0


class LeaseKeeper:
    """Renews the leases of `held`, which the worker's thread alone changes; stops what lost its own."""

    def __init__(
        self,
        db: Database,
        plan: WorkerPlan,
        clock: Clock,
        launcher: Launcher,
        held: Mapping[int, Claimed],
        pulse: Pulse,
        slots: Callable[[], int],
    ) -> None:
        self._db = db
        self._plan = plan
        self._clock = clock
        self._launcher = launcher
        self._held = held
        self._pulse = pulse
        self._slots = slots
        self._renewed_at = self._obeyed_at = clock.monotonic()

    def start(self, stopping: Event) -> None:
        """Make the worker known, and watch its leases until `stopping` is set."""
        self._db.transact(self.register)
        self._note_renewal(self._clock.monotonic())
        Thread(target=self._guard, args=(stopping,), name="worker-leases", daemon=True).start()

    def renew_in_time(self) -> bool:
        """Renew where a heartbeat has passed since the last time; tell whether that was so.

        Raises DatabaseUnavailable; until a later call succeeds the leases run out, and the guard stops what they hold.
        """
        if self._clock.monotonic() - self._renewed_at < self._plan.heartbeat_s:
            return False
        self._renew()
        return True

    def register(self, session: Session) -> None:
        """Make the worker known, or known again."""
        plan = self._plan
        register_worker(
            session,
            self._clock.now(),
            worker_id=plan.worker_id,
            hostname=plan.hostname,
            pid=plan.pid,
            queues=plan.queues,
            slots=self._slots(),
            version=plan.version,
            lease_s=plan.lease_s,
            has_waiter=plan.has_waiter,
        )

    def obey_cancellations(self) -> None:
        """Stop what somebody asked to stop. Raises DatabaseUnavailable."""
        if not self._held or self._clock.monotonic() - self._obeyed_at < OBEY_S:
            return
        self._obeyed_at = self._clock.monotonic()
        with self._db.read() as session:
            asked = cancellations(session, worker_id=self._plan.worker_id)
        for attempt_id, reason in asked.items():
            if attempt_id in self._held:
                self._launcher.stop(attempt_id, reason)

    def _renew(self) -> None:
        asked_at = self._clock.monotonic()
        renewal = self._db.transact(self._prolong)
        self._note_renewal(asked_at)
        meter.RENEWALS.inc()
        for attempt_id in set(self._held) - renewal.kept:
            self._launcher.stop(attempt_id, "its lease was lost", within_s=0.0)
        for attempt_id, reason in renewal.cancelled.items():
            self._launcher.stop(attempt_id, reason)

    def _note_renewal(self, asked_at: float) -> None:
        """Leases are good from when they were asked for; nothing lives to their end, though this process be frozen."""
        self._renewed_at = asked_at
        self._pulse.beat()
        self._launcher.hold(asked_at + self._plan.lease_s - self._plan.heartbeat_s / 4)

    def _prolong(self, session: Session) -> Renewal:
        keep_quiet(session)
        plan = self._plan
        if not renew_worker(session, plan.worker_id, busy=len(self._held), lease_s=plan.lease_s):
            # It was silent for so long that it counted as gone.
            self.register(session)
        return renew_leases(session, worker_id=plan.worker_id, ids=list(self._held), lease_s=plan.lease_s)

    def _guard(self, stopping: Event) -> None:
        """Watch the leases from a thread of its own: the worker's may hang in a database that does not answer."""
        while not stopping.wait(self._plan.heartbeat_s / 4):
            self._pulse.turn()
            self._fence()

    def _fence(self) -> None:
        """Have all attempts dead before their leases run out, where this worker cannot renew them."""
        left_s = self._renewed_at + self._plan.lease_s - self._clock.monotonic()
        if left_s > self._plan.heartbeat_s:
            return
        within_s = max(0.0, left_s - self._plan.heartbeat_s / 4)
        for attempt_id in list(self._held):
            self._launcher.stop(attempt_id, "this worker lost touch with the database", within_s)
