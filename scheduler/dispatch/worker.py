"""The worker: one thread that claims attempts for its free slots, hands them to the supervisor, renews and reports.

Claims and reports that arrive together share a transaction. Nothing is held in memory that the database does not know:
a worker that dies loses its leases, and its attempts run elsewhere.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

from scheduler.clock import Clock
from scheduler.core.ports import Publish
from scheduler.dispatch.autoscaler import Autoscaler
from scheduler.dispatch.code_at_hand import CodeAtHand
from scheduler.dispatch.hands import Bell, Launcher
from scheduler.dispatch.jobs import about, job_of
from scheduler.dispatch.lease_keeper import LeaseKeeper
from scheduler.dispatch.report import Recorder, Report
from scheduler.dispatch.spare_memory import spare_memory
from scheduler.dispatch.successors import Successors
from scheduler.dispatch.tally import note_claims, note_ended
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.errors import Conflict, DatabaseUnavailable, DirigentError, NewerForm
from scheduler.failpoints import Spot, reach
from scheduler.metrics import instruments as meter
from scheduler.runtime.supervisor.verdict import storable
from scheduler.store.claims import Claimed, claim_attempts, claims_of, has_queued, release_attempts
from scheduler.store.engine import Database, Mark, Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.workers import stop_worker
from scheduler.vitals import Vitals
from scheduler.wire import ErrorInfo, Outcome

log = logging.getLogger(__name__)

#: The net behind tickets and signals: a worker with free slots looks for work this often, in seconds. It only reads,
#: and claims where there is some.
SLOW_POLL_S = 1.0
#: Attempts that a stopping worker has told to end get this long; then they are killed.
STOP_WAIT_S = 5.0
#: Steps begin at least so far apart, in seconds.
SPACING_S = 0.003
#: Characters of why an outcome could not be recorded.
_LONGEST_WORDS = 2_000
#: A full worker has more work than slots: there a step waits until three slots of four have ended (by default there
#: are as many left as cores), at most so many times as long as the last step took, and not longer than this in all.
FULL_PACE = 3
FULL_SPACING_S = 0.03


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
    ) -> None:
        self._db = db
        self._plan = plan
        self._clock = clock
        self._launcher = launcher
        self._bell = bell
        self._publish = publish
        self._successors = successors
        self._recorder = Recorder(graphs, random.random, successors)
        #: For outcomes that cannot be recorded together with what follows them.
        self._plain_recorder = Recorder(graphs, random.random)
        self._claims: dict[int, Claimed] = {}
        vitals = vitals or Vitals()
        self._pulse = vitals.watch("worker", SLOW_POLL_S)
        renewed = vitals.watch("leases", plan.heartbeat_s)
        self._scaler = Autoscaler(db, plan, plan.span, clock, spare_memory) if plan.span else None
        self._leases = LeaseKeeper(db, plan, clock, launcher, self._claims, renewed, lambda: self.slots)
        self._code = CodeAtHand(db, clock, graphs, launcher, code_root)
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self._unreported: list[Report] = []
        self._unstarted: set[int] = set()
        self._is_in_doubt = False
        self._unfit_until, self._unfit_reason = 0.0, ""
        self._signal = Event()
        self._stopping = Event()
        self._is_leaving = False
        self._drained = Event()
        self._paused = False
        self._spare_until = self._gather_until = clock.monotonic()
        self._idle_mark: Mark | None = None
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
            self._db.transact(self._say_goodbye)
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
            if self._is_leaving and not self._claims and not self._unreported:
                self._drained.set()
            took_s = self._clock.monotonic() - began_s
            self._spare_until = began_s + SPACING_S
            self._gather_until = began_s + max(SPACING_S, min(FULL_SPACING_S, FULL_PACE * took_s))
        self._stop_attempts()

    def _gather(self) -> None:
        """Wait a little for outcomes that come together: they share a transaction.

        While a slot is free that is a few milliseconds, and none where nothing else runs. In a full worker the wait is
        as long as pays: the slots that are still taken keep the machine busy.
        """
        is_full = len(self._claims) >= self.slots
        until = self._gather_until if is_full else self._spare_until
        enough = max(1, len(self._claims) * 3 // 4 if is_full else len(self._claims))
        while not self._stopping.is_set() and self._outcomes.qsize() < enough:
            left_s = until - self._clock.monotonic()
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

    def _drain(self) -> list[Report]:
        while True:
            try:
                outcome = self._outcomes.get_nowait()
            except Empty:
                return self._unreported
            claim = self._claims.pop(outcome.attempt_id, None)
            if claim is not None:
                self._unreported.append(Report(claim, outcome))
                note_ended(claim, outcome)
                if self._scaler is not None:
                    self._scaler.note_memory(outcome.peak_memory_bytes)

    def _report_and_claim(self, *, is_asked: bool) -> None:
        reports, free = self._drain(), self._free
        has_news = bool(reports or self._unstarted or self._is_in_doubt)
        if not has_news and (free <= 0 or not (is_asked or self._finds_work())):
            return
        try:
            reach(Spot.OUTCOME_TAKEN)
            claimed = self._db.transact(lambda session: self._exchange(session, reports, free))
            self._unstarted, self._is_in_doubt = set(), False
            note_claims(claimed, self._clock.now())
            self._ring_for_others(has_claimed_all=len(claimed) < free)
        except DatabaseUnavailable:
            self._is_in_doubt = True
            raise
        except Exception:
            self._is_in_doubt = True
            log.exception("worker: an outcome cannot be recorded, or work not be claimed")
            self._report_one_by_one(reports)
            claimed = []
        self._unreported = []
        for claim in claimed:
            self._claims[claim.id] = claim
            self._launch(claim)
        meter.BUSY.set(len(self._claims))
        self._adjust_bell(brim=bool(claimed) and len(claimed) == free)

    @property
    def _free(self) -> int:
        is_fit = not self._is_leaving and self._clock.monotonic() >= self._unfit_until
        return self.slots - len(self._claims) if is_fit else 0

    def _finds_work(self) -> bool:
        """Look whether something is queued, unless nobody has written since nothing was."""
        mark = self._db.mark()
        if mark is not None and mark == self._idle_mark:
            return False
        with self._db.read() as session:
            found = has_queued(session, self._plan.queues)
        self._idle_mark = None if found else mark
        return found

    def _exchange(self, session: Session, reports: Sequence[Report], free: int) -> list[Claimed]:
        """Report, give back, let the leader of this process queue what follows, and claim, in one transaction."""
        now = self._clock.now()
        if self._unstarted:
            why = f"worker {self._plan.hostname} could not start it: {self._unfit_reason}"
            release_attempts(session, now, self._unstarted, worker_id=self._plan.worker_id, reason=why)
        if self._is_in_doubt:
            self._give_back_unknown(session, now)
        if reports:
            self._refuse(self._recorder.record(session, now, reports))
            if self._successors is not None:
                self._successors.admit(session, now)
        if free <= 0:
            return []
        plan = self._plan
        return claim_attempts(
            session,
            now,
            worker_id=plan.worker_id,
            hostname=plan.hostname,
            queues=plan.queues,
            limit=free,
            lease_s=plan.lease_s,
        )

    def _give_back_unknown(self, session: Session, now: datetime) -> None:
        """Give back what was claimed by a commit whose answer never came: it would wait for its lease to run out."""
        known = {*self._claims, *self._unstarted, *(report.outcome.attempt_id for report in self._unreported)}
        unknown = claims_of(session, self._plan.worker_id) - known
        release_attempts(session, now, unknown, worker_id=self._plan.worker_id)

    def _refuse(self, reports: Sequence[Report]) -> None:
        for report in reports:
            meter.LATE_REPORTS.inc()
            log.warning(
                "late report of attempt %s refused", report.outcome.attempt_id, extra=about(report.claim)
            )

    def _ring_for_others(self, *, has_claimed_all: bool) -> None:
        """Pass on that queues have work for free slots elsewhere; not those in which this worker has left nothing."""
        emptied = self._plan.queues if has_claimed_all else frozenset()
        if self._successors is not None and (queues := set(self._successors.take_rings()) - emptied):
            self._publish.ring(queues)

    def _report_one_by_one(self, reports: Sequence[Report]) -> None:
        """Find the report that the database refuses, and record it as a failure: it must not hold up the others."""
        for report in reports:
            try:
                self._report(report)
            except DatabaseUnavailable:
                raise
            except Exception as error:
                log.exception(
                    "the outcome of attempt %s cannot be recorded as it is",
                    report.outcome.attempt_id,
                    extra=about(report.claim),
                )
                self._report_failed(report, error)

    def _report_failed(self, report: Report, error: Exception) -> None:
        """Report a failure instead; where that is refused too, its lease runs out and it counts as lost."""
        try:
            self._report(Report(report.claim, _failed(report.outcome, error)))
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception(
                "attempt %s is left to its lease", report.outcome.attempt_id, extra=about(report.claim)
            )

    def _report(self, report: Report) -> None:
        now = self._clock.now()
        self._refuse(self._db.transact(lambda session: self._plain_recorder.record(session, now, [report])))
        self._signal.set()

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
            self.finished(_failed(Outcome(attempt_id=claim.id, epoch=claim.epoch, state="failed"), error))

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
        self._unstarted.add(claim.id)
        self._unfit_until, self._unfit_reason = self._clock.monotonic() + unfit_s, str(error)
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

    def _say_goodbye(self, session: Session) -> None:
        now = self._clock.now()
        self._plain_recorder.record(session, now, self._drain())
        # Whatever it holds by the database's word: what did not start, too, and claims it has not heard of.
        worker_id = self._plan.worker_id
        release_attempts(session, now, claims_of(session, worker_id), worker_id=worker_id)
        stop_worker(session, now, worker_id)


def _failed(outcome: Outcome, error: Exception) -> Outcome:
    """Return the outcome of an attempt that Dirigent itself could not start or record."""
    words = storable(str(error))[:_LONGEST_WORDS]
    info = ErrorInfo(type=type(error).__name__, message=words, line=words)
    # Nothing of what the attempt said: any of it may be what was refused.
    return Outcome(
        attempt_id=outcome.attempt_id, epoch=outcome.epoch, state="failed", retryable=False, error=info
    )
