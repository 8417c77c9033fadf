"""The worker: one thread that claims attempts for its free slots, hands them to the supervisor, renews and reports.

Claims and reports that arrive together share a transaction. Nothing is held in memory that the database does not know:
a worker that dies loses its leases, and its attempts run elsewhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

from scheduler.clock import Clock
from scheduler.core.ports import Publish
from scheduler.dispatch.autoscaler import Autoscaler
from scheduler.dispatch.code_at_hand import CodeAtHand
from scheduler.dispatch.endings import failed_here
from scheduler.dispatch.exchange import Exchange
from scheduler.dispatch.hands import Bell, Launcher
from scheduler.dispatch.jobs import about, job_of
from scheduler.dispatch.lease_keeper import LeaseKeeper
from scheduler.dispatch.pace import Pace, enough
from scheduler.dispatch.report import Report
from scheduler.dispatch.spare_memory import spare_memory
from scheduler.dispatch.successors import Successors
from scheduler.dispatch.tally import note_ended
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.errors import Conflict, DatabaseUnavailable, DirigentError, NewerForm
from scheduler.failpoints import Spot, reach
from scheduler.metrics import instruments as meter
from scheduler.store.claims import Claimed
from scheduler.store.engine import Database, Session
from scheduler.store.graph_cache import GraphCache
from scheduler.vitals import Vitals
from scheduler.wire import Outcome

log = logging.getLogger(__name__)

#: The net behind tickets and signals: a worker with free slots looks for work this often, in seconds. It only reads,
#: and claims where there is some.
SLOW_POLL_S = 1.0
#: Attempts that a stopping worker has told to end get this long; then they are killed.
STOP_WAIT_S = 5.0


class Worker:
    """Claims, launches, renews, reports. `ring` and `finished` may be called from any thread."""

    def __init__(
        self,
        db: Database,
        plan: WorkerPlan,
        *,
        clock: Clock,
        graphs: GraphCache,
        launcher: Launcher,
        bell: Bell,
        publish: Publish,
        code_root: Callable[[Session, int], Path],
        successors: Successors | None = None,
        vitals: Vitals | None = None,
        on_deferred: Callable[[], None] | None = None,
    ) -> None:
        self._db = db
        self._plan = plan
        self._clock = clock
        self._launcher = launcher
        self._bell = bell
        self._publish = publish
        self._claims: dict[int, Claimed] = {}
        vitals = vitals or Vitals()
        self._pulse = vitals.watch("worker", SLOW_POLL_S)
        renewed = vitals.watch("leases", plan.heartbeat_s)
        self._scaler = Autoscaler(db, plan, plan.span, clock, spare_memory) if plan.span else None
        self._leases = LeaseKeeper(db, plan, clock, launcher, self._claims, renewed, lambda: self.slots)
        self._code = CodeAtHand(db, clock, graphs, launcher, code_root)
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self._unfit_until = 0.0
        self._signal = Event()
        self._exchange = Exchange(
            db, plan, clock, graphs, publish, successors, self._claims, self._signal.set, on_deferred
        )
        self._pace = Pace(clock)
        self._stopping = Event()
        self._is_leaving = False
        self._drained = Event()
        self._paused = False
        self._thread = Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Make the worker known and begin to claim."""
        meter.SLOTS.set(self.slots)
        self._leases.start(self._stopping)
        self._thread.start()

    def drain(self) -> None:
        """Claim no more, and wait until what runs has ended by itself and is reported, as long as the plan allows."""
        if self._plan.drain_s > 0:
            self._is_leaving = True
            self._bell.pause()
            self._signal.set()
            self._drained.wait(self._plan.drain_s)

    def close(self) -> None:
        """Claim no more, and have running attempts stopped; waits for them, up to a limit.

        `leave` follows once those that did not stop were killed.
        """
        self._stopping.set()
        self._signal.set()
        self._thread.join(STOP_WAIT_S + 2 * SLOW_POLL_S)

    def leave(self) -> None:
        """Report what was stopped, hand back the rest, and say goodbye. Nothing of it may be alive any more."""
        if self._thread.is_alive():
            log.warning("worker: the database does not answer; what ran here counts as lost after its lease")
            return
        try:
            self._drain()
            self._exchange.say_goodbye()
        except DirigentError as error:
            log.warning("worker: %s", error)
        except Exception:
            log.exception("worker: no goodbye; what ran here counts as lost after its lease")

    def ring(self, queue: str) -> None:
        """Take note of a ticket: a queue has work."""
        log.debug("ticket for %s", queue)
        meter.TICKETS_HEARD.labels(meter.queues.of(queue)).inc()
        self._signal.set()

    def finished(self, outcome: Outcome) -> None:
        """Take the outcome of a launched attempt."""
        self._outcomes.put(outcome)
        self._signal.set()

    @property
    def slots(self) -> int:
        """How many attempts may run at once, now."""
        return self._scaler.slots if self._scaler else self._plan.slots

    @property
    def busy(self) -> int:
        """How many slots are taken."""
        return len(self._claims)

    # --- the loop ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            is_asked = self._signal.wait(SLOW_POLL_S)
            # Who rings between these two lines has committed before: the read of a poll finds it.
            self._signal.clear()
            if is_asked:
                self._gather()
            began_s = self._clock.monotonic()
            self._step(is_asked=is_asked)
            if self._is_leaving and not self._claims and not self._exchange.has_reports:
                self._drained.set()
            self._pace.note_step(began_s)
        self._stop_attempts()

    def _gather(self) -> None:
        """Wait a little for outcomes that come together: they share a transaction."""
        is_full = len(self._claims) >= self.slots
        awaited = enough(len(self._claims), is_full=is_full)
        while not self._stopping.is_set() and self._outcomes.qsize() < awaited:
            left_s = self._pace.left_s(is_full=is_full)
            if left_s <= 0:
                return
            self._signal.wait(left_s)
            self._signal.clear()

    def _step(self, *, is_asked: bool) -> None:
        self._pulse.turn()
        try:
            # First: what is launched on an old hold could be ended by it.
            if self._leases.renew_in_time():
                self._bell.watch(self._clock.monotonic())
            self._report_and_claim(is_asked=is_asked)
            self._leases.obey_cancellations()
            self._scale()
            if not self._claims:
                self._code.look_ahead()
            self._pulse.beat()
        except DirigentError as error:
            log.warning("worker: %s", error)
        except Exception:
            log.exception("worker: a step failed")

    def _scale(self) -> None:
        """Have as many slots as the waiting work asks for, where this worker scales itself."""
        if self._scaler is None or self._is_leaving or not self._scaler.resize(len(self._claims)):
            return
        log.info("worker: %d slots now", self.slots)
        meter.SLOTS.set(self.slots)
        self._adjust_bell(brim=False)
        self._signal.set()

    def _drain(self) -> None:
        while True:
            try:
                outcome = self._outcomes.get_nowait()
            except Empty:
                return
            claim = self._claims.pop(outcome.attempt_id, None)
            if claim is not None:
                self._exchange.add(Report(claim, outcome))
                note_ended(claim, outcome)
                if self._scaler is not None:
                    self._scaler.note_memory(outcome.peak_memory_bytes)

    def _report_and_claim(self, *, is_asked: bool) -> None:
        self._drain()
        free = self._free
        if not self._exchange.has_news and (free <= 0 or not (is_asked or self._exchange.finds_work())):
            return
        claimed = 0
        if self._paused and free > 0 and self._exchange.has_reports:
            # It was full: what waits runs while the outcomes are written.
            claimed = self._take(self._exchange.claim(free))
        # Asked again: a host that could not start what it has just claimed is to claim no more.
        claimed += self._take(self._exchange.make(self._free))
        meter.BUSY.set(len(self._claims))
        self._adjust_bell(brim=claimed > 0 and claimed == free)

    def _take(self, claimed: Sequence[Claimed]) -> int:
        for claim in claimed:
            self._claims[claim.id] = claim
            self._launch(claim)
        return len(claimed)

    @property
    def _free(self) -> int:
        is_fit = not self._is_leaving and self._clock.monotonic() >= self._unfit_until
        return self.slots - len(self._claims) if is_fit else 0

    def _adjust_bell(self, *, brim: bool) -> None:
        """A full worker takes no tickets. One that fills up passes the bell on: there may be more for others.

        Once: while it stays full that ticket waits for others, and what it queues itself is rung for by the rules of
        admission.
        """
        full = self._free <= 0
        if full and not self._paused:
            self._bell.pause()
            if brim:
                self._publish.ring(self._plan.queues)
        elif not full and self._paused:
            self._bell.resume()
        self._paused = full

    # --- launching --------------------------------------------------------------------------------------------

    def _launch(self, claim: Claimed) -> None:
        """Start a claimed attempt; one that cannot be started gets an outcome that says why."""
        try:
            root, graph = self._code.of(claim)
            reach(Spot.LAUNCH)
            self._launcher.launch(job_of(claim, graph, root))
            reach(Spot.LAUNCHED)
        except (OSError, Conflict, DatabaseUnavailable, NewerForm) as error:
            self._hand_back(claim, error)
        except Exception as error:
            log.exception("attempt %s did not start", claim.id, extra=about(claim))
            self.finished(failed_here(Outcome(attempt_id=claim.id, epoch=claim.epoch, state="failed"), error))

    def _hand_back(self, claim: Claimed, error: Exception) -> None:
        """Give back what this host cannot start, its disk full, its program too old, or being stopped; others may.

        Claim nothing for a while.
        """
        unfit_s, plan = self._plan.unfit_s, self._plan
        log.error(
            "attempt %s cannot start here, nothing is claimed for %g s: %s",
            claim.id,
            unfit_s,
            error,
            extra=about(claim),
        )
        del self._claims[claim.id]
        self._exchange.give_back(claim.id, str(error))
        self._unfit_until = self._clock.monotonic() + unfit_s
        self._publish.ring(plan.queues)
        self._signal.set()

    # --- the end ----------------------------------------------------------------------------------------------

    def _stop_attempts(self) -> None:
        """Stop what runs, and wait until it has, or takes too long."""
        for attempt_id in list(self._claims):
            self._launcher.stop(attempt_id, "the worker was stopped")
        deadline = self._clock.monotonic() + STOP_WAIT_S
        while self._claims and self._clock.monotonic() < deadline:
            self._signal.wait(0.2)
            self._signal.clear()
            self._drain()
