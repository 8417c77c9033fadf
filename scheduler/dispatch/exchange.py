"""What a worker tells the database and takes from it: reports, attempts given back and claims, in one transaction."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from scheduler.clock import Clock
from scheduler.core.ports import Publish
from scheduler.dispatch.endings import failed_here
from scheduler.dispatch.jobs import about
from scheduler.dispatch.report import Recorder, Report
from scheduler.dispatch.successors import Successors
from scheduler.dispatch.tally import note_claims
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.errors import DatabaseUnavailable
from scheduler.failpoints import Spot, reach
from scheduler.metrics import instruments as meter
from scheduler.store.claims import Claimed, claim_attempts, claims_of, has_queued, release_attempts
from scheduler.store.engine import Database, Mark, Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.workers import stop_worker

log = logging.getLogger(__name__)


class Exchange:
    """Keeps what is to be told until it is recorded. The worker's thread alone uses it, and changes `held`.

    `held`: the claims of what runs. `again` is called where a report was recorded and nothing claimed with it.
    """

    def __init__(
        self,
        db: Database,
        plan: WorkerPlan,
        clock: Clock,
        graphs: GraphCache,
        publish: Publish,
        successors: Successors | None,
        held: Mapping[int, Claimed],
        again: Callable[[], None],
        on_deferred: Callable[[], None] | None = None,
    ) -> None:
        self._db = db
        self._plan = plan
        self._clock = clock
        self._publish = publish
        self._successors = successors
        self._held = held
        self._again = again
        self._recorder = Recorder(graphs, random.random, successors, on_deferred)
        #: For outcomes that cannot be recorded together with what follows them.
        self._plain_recorder = Recorder(graphs, random.random, on_deferred=on_deferred)
        self._unreported: list[Report] = []
        self._unstarted: set[int] = set()
        self._why_unstarted = ""
        #: Attempts that ended here, of which the database would record nothing.
        self._unrecorded: set[int] = set()
        self._is_in_doubt = False
        self._idle_mark: Mark | None = None

    @property
    def has_news(self) -> bool:
        """Whether there is something to tell."""
        return bool(self._unreported or self._unstarted or self._is_in_doubt)

    @property
    def has_reports(self) -> bool:
        """Whether an attempt has ended of which the database does not know yet."""
        return bool(self._unreported)

    def add(self, report: Report) -> None:
        """Have an outcome reported by the next exchange."""
        self._unreported.append(report)

    def give_back(self, attempt_id: int, reason: str) -> None:
        """Have a claimed attempt that was not started here given back by the next exchange."""
        self._unstarted.add(attempt_id)
        self._why_unstarted = reason

    def finds_work(self) -> bool:
        """Look whether something is queued, unless nobody has written since nothing was."""
        mark = self._db.mark()
        if mark is not None and mark == self._idle_mark:
            return False
        with self._db.read() as session:
            found = has_queued(session, self._plan.queues)
        self._idle_mark = None if found else mark
        return found

    def make(self, free: int) -> list[Claimed]:
        """Tell all there is, and claim for as many slots as are free. Return what was claimed.

        Raises DatabaseUnavailable; the next exchange tells it again. What the database refuses is recorded as a
        failure, without the rest.
        """
        try:
            reach(Spot.OUTCOME_TAKEN)
            claimed = self._db.transact(lambda session: self._tell_and_claim(session, free))
            self._unstarted, self._is_in_doubt = set(), False
            note_claims(claimed, self._clock.now())
            self._ring_for_others(has_claimed_all=len(claimed) < free)
        except DatabaseUnavailable:
            self._is_in_doubt = True
            raise
        except Exception:
            self._is_in_doubt = True
            log.exception("worker: an outcome cannot be recorded, or work not be claimed")
            self._report_one_by_one()
            claimed = []
        self._unreported = []
        return claimed

    def claim(self, free: int) -> list[Claimed]:
        """Claim for as many slots as are free, and tell nothing yet: what waits is not to wait for the telling.

        Return what was claimed; nothing, where that fails for a reason that need not hold up what is to be told.
        Raises DatabaseUnavailable.
        """
        try:
            claimed = self._db.transact(lambda session: self._claim(session, self._clock.now(), free))
        except DatabaseUnavailable:
            self._is_in_doubt = True
            raise
        except Exception:
            self._is_in_doubt = True
            log.exception("worker: work cannot be claimed")
            return []
        note_claims(claimed, self._clock.now())
        return claimed

    def say_goodbye(self) -> None:
        """Report what ended, give back the rest, and let the worker be known as stopped. Raises DatabaseUnavailable."""
        self._db.transact(self._leave)

    def _tell_and_claim(self, session: Session, free: int) -> list[Claimed]:
        """Report, give back, let the leader of this process queue what follows, and claim, in one transaction."""
        now, plan = self._clock.now(), self._plan
        if self._unstarted:
            why = f"worker {plan.hostname} could not start it: {self._why_unstarted}"
            release_attempts(session, now, self._unstarted, worker_id=plan.worker_id, reason=why)
        if self._is_in_doubt:
            self._give_back_unknown(session, now)
        if self._unreported:
            _refuse(self._recorder.record(session, now, self._unreported))
            if self._successors is not None:
                self._successors.admit(session, now)
        return self._claim(session, now, free) if free > 0 else []

    def _claim(self, session: Session, now: datetime, free: int) -> list[Claimed]:
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
        known = {*self._held, *self._unstarted, *(report.outcome.attempt_id for report in self._unreported)}
        unknown = claims_of(session, self._plan.worker_id) - known - self._unrecorded
        release_attempts(session, now, unknown, worker_id=self._plan.worker_id)

    def _ring_for_others(self, *, has_claimed_all: bool) -> None:
        """Pass on that queues have work for free slots elsewhere; not those in which this worker has left nothing."""
        emptied = self._plan.queues if has_claimed_all else frozenset()
        if self._successors is not None and (queues := set(self._successors.take_rings()) - emptied):
            self._publish.ring(queues)

    def _report_one_by_one(self) -> None:
        """Find the report that the database refuses, and record it as a failure: it must not hold up the others."""
        for report in self._unreported:
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
            self._report(Report(report.claim, failed_here(report.outcome, error)))
        except DatabaseUnavailable:
            raise
        except Exception:
            self._unrecorded.add(report.outcome.attempt_id)
            log.exception(
                "attempt %s is left to its lease", report.outcome.attempt_id, extra=about(report.claim)
            )

    def _report(self, report: Report) -> None:
        now = self._clock.now()
        _refuse(self._db.transact(lambda session: self._plain_recorder.record(session, now, [report])))
        self._again()

    def _leave(self, session: Session) -> None:
        now = self._clock.now()
        self._plain_recorder.record(session, now, self._unreported)
        # Whatever it holds by the database's word: what did not start, too, and claims it has not heard of.
        worker_id = self._plan.worker_id
        held = claims_of(session, worker_id) - self._unrecorded
        release_attempts(session, now, held, worker_id=worker_id)
        stop_worker(session, now, worker_id)


def _refuse(reports: Sequence[Report]) -> None:
    for report in reports:
        meter.LATE_REPORTS.inc()
        log.warning("late report of attempt %s refused", report.outcome.attempt_id, extra=about(report.claim))
