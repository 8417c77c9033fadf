"""The scheduler service: one thread; woken by what changed, ticked by APScheduler, leading by a lease."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Event, Thread

from apscheduler.schedulers.background import BackgroundScheduler

from scheduler.clock import Clock
from scheduler.core.ports import Publish
from scheduler.errors import DatabaseUnavailable, DirigentError, LeadLost
from scheduler.loop.duties import Duty, NamedDuty
from scheduler.loop.effects import Effects
from scheduler.loop.leading import RENEW_S, Lead
from scheduler.metrics import instruments as meter
from scheduler.store.agenda import Agenda, read_agenda
from scheduler.store.engine import Database, Mark, Transact
from scheduler.store.tickets import waiting_queues
from scheduler.vitals import Vitals

log = logging.getLogger(__name__)

TICK_S = 1.0
#: Longest wait for a wake: ticks come more often, so this is for a ticker that has died.
PATIENCE_S = 2 * TICK_S
#: The net behind the agenda: all duties are done this often, in seconds.
SWEEP_S = 10.0
#: Passes begin at least so far apart, in seconds: a busy loop plans what several reports changed in one go.
SPACING_S = 0.004
#: The agenda is read no more often than this, in seconds.
AGENDA_S = 0.05
#: Rounds in which a duty may find a full batch before the others have their turn.
MAX_BATCHES = 20


class Service:
    """Calls its duties: those that follow a change at each wake, the others when time asks for them.

    A tick is the net behind the wakes: one read asks whether there is anything to do.

    `on_lead` and `on_yield` are called on the service's thread when it takes the lead and when it has lost it.
    """

    def __init__(
        self,
        db: Database,
        duties: Sequence[NamedDuty],
        effects: Effects,
        *,
        publish: Publish,
        clock: Clock,
        holder: str,
        on_lead: Callable[[], None],
        on_yield: Callable[[], None],
        vitals: Vitals | None = None,
    ) -> None:
        self._db = db
        self._duties = tuple(duties)
        self._effects = effects
        self._publish = publish
        self._clock = clock
        self._lead = Lead(db, clock, holder)
        self._on_lead = on_lead
        self._on_yield = on_yield
        self._pulse = (vitals or Vitals()).watch("scheduler", TICK_S)
        self._leads = False
        self._tick_due = Event()
        self._ticked_at = clock.monotonic()
        self._stopping = Event()
        self._ticker = BackgroundScheduler(timezone="UTC")
        self._thread = Thread(target=self._run, name="scheduler", daemon=True)
        self._agenda = Agenda()
        self._mark: Mark | None = None
        self._is_agenda_old = False
        self._agenda_read_at = -AGENDA_S
        self._swept_at = -SWEEP_S

    def start(self) -> None:
        """Begin to schedule; duties run in a thread of their own."""
        self._tick_due.set()
        self._ticker.add_job(
            self._note_tick,
            "interval",
            seconds=TICK_S,
            coalesce=True,
            misfire_grace_time=None,
            max_instances=1,
        )
        self._ticker.start()
        self._thread.start()

    def close(self) -> None:
        """Stop, and let another take over at once."""
        self._stopping.set()
        self._db.wake.set()
        self._thread.join(5.0)
        self._ticker.shutdown(wait=False)
        self._lead.give_up()

    @property
    def leads(self) -> bool:
        """Whether this process is the one that plans, and may still write."""
        return self._leads and self._lead.is_held

    @property
    def transact(self) -> Transact:
        """Does a transaction that only the leader may do. Raises LeadLost, and writes nothing, where another leads."""
        return self._lead.transact

    def _note_tick(self) -> None:
        if not self._tick_due.is_set():
            self._ticked_at = self._clock.monotonic()
        self._tick_due.set()
        self._db.wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            began_s = self._clock.monotonic()
            is_tick = self._tick_due.is_set()
            self._pass(is_tick=is_tick)
            meter.note_pass(self._clock.monotonic() - began_s, began_s - self._ticked_at if is_tick else None)
            self._db.wake.wait(self._patience())
            # What comes in within a few milliseconds of each other is planned together; what comes alone, at once.
            self._stopping.wait(max(0.0, began_s + SPACING_S - self._clock.monotonic()))

    def _patience(self) -> float:
        """Return how long to wait when nothing wakes: until time asks for something.

        What was due and could not be done (a run that max_active_runs holds back) waits for the next tick.
        """
        if self._is_agenda_old:
            return AGENDA_S
        if self._agenda.next_at is None:
            return PATIENCE_S
        ahead_s = (self._agenda.next_at - self._clock.now()).total_seconds()
        return min(PATIENCE_S, ahead_s) if ahead_s > 0 else PATIENCE_S

    def _pass(self, *, is_tick: bool) -> None:
        """Do what is due; an error is logged, and the loop goes on."""
        if is_tick:
            self._tick_due.clear()
        self._pulse.turn()
        try:
            self._stand_for_lead(is_tick=is_tick)
            now = self._clock.now()
            if self._leads:
                (self.poll if is_tick else self.tick)(now)
            self._pulse.beat()
        except LeadLost:
            self._follow()
        except DirigentError as error:
            log.warning("scheduler: %s", error)
        except Exception:
            log.exception("scheduler: a pass failed")

    def _stand_for_lead(self, *, is_tick: bool) -> None:
        """Ask for the lead at a tick; who leads, when it is time to prolong it or when it may be over."""
        # Half a tick early, as ticks do not come to the millisecond.
        is_time = is_tick and (not self._leads or self._lead.age_s >= RENEW_S - TICK_S / 2)
        if is_time or (self._leads and not self._lead.is_held):
            (self._begin_to_lead if self._lead.ask() else self._follow)()

    def _begin_to_lead(self) -> None:
        if self._leads:
            return
        self._leads = True
        meter.LEADS.set(True)
        log.info("%s leads", self._lead.holder)
        with self._db.read() as session:
            self._publish.ring(sorted(waiting_queues(session)))
        self._on_lead()

    def _follow(self) -> None:
        if not self._leads:
            return
        self._leads = False
        meter.LEADS.set(False)
        log.warning("%s no longer leads", self._lead.holder)
        self._on_yield()

    def poll(self, now: datetime) -> int:
        """Do what a tick does, if there is anything to do: the net behind the wakes.

        Where nobody has written since there was nothing, this costs no statement; else one read. When a sweep is due,
        nobody asks.
        """
        if self._clock.monotonic() - self._swept_at < SWEEP_S:
            mark = self._db.mark()
            if mark is None or mark != self._mark:
                self._read_agenda()
                self._mark = mark
            if not self._agenda.has_work and not self._agenda.is_due(now):
                return 0
        return self.tick(now)

    def tick(self, now: datetime) -> int:
        """Do what follows a change, and the other duties where time asks for them; return the rows done.

        Every `SWEEP_S` all duties are done whatever the agenda says.
        """
        is_sweep = self._is_sweep()
        wanted = [duty for duty in self._duties if self._is_wanted(duty, now, is_sweep=is_sweep)]
        done = sum(self._do(duty, now) for duty in wanted)
        self._note_agenda()
        agenda = self._agenda
        return done + sum(
            self._do(duty, now) for duty in self._duties if duty.follows and duty.follows(agenda)
        )

    def _is_wanted(self, duty: NamedDuty, now: datetime, *, is_sweep: bool) -> bool:
        if duty.asks is not None:
            return duty.asks(self._agenda, now)
        return is_sweep or duty.on_wake or (duty.on_time and self._agenda.is_due(now))

    def _note_agenda(self) -> None:
        """Ask when time wants something next; between two wakes that follow closely, only once they are over."""
        self._is_agenda_old = self._clock.monotonic() - self._agenda_read_at < AGENDA_S
        if not self._is_agenda_old:
            self._read_agenda()

    def _read_agenda(self) -> None:
        self._agenda_read_at = self._clock.monotonic()
        with self._db.read() as session:
            self._agenda = read_agenda(session)
        self._is_agenda_old = False

    def _is_sweep(self) -> bool:
        if self._clock.monotonic() - self._swept_at < SWEEP_S:
            return False
        self._swept_at = self._clock.monotonic()
        return True

    def _do(self, duty: NamedDuty, now: datetime) -> int:
        """Do a duty; where it fails, one by one, so that what cannot be done is set aside and the others are done."""
        for work in (duty.run, duty.one_by_one):
            if work is None:
                break
            try:
                with meter.DUTY_DURATION.labels(duty.name).time():
                    return self._do_batches(work, now, duty.limit)
            except LeadLost:
                raise
            except DatabaseUnavailable as error:
                meter.DUTY_FAILURES.labels(duty.name).inc()
                log.warning("duty %s: %s", duty.name, error)
                break
            except Exception:
                meter.DUTY_FAILURES.labels(duty.name).inc()
                log.exception("duty %s failed", duty.name)
        return 0

    def _do_batches(self, work: Duty, now: datetime, limit: int) -> int:
        done = 0
        for _ in range(MAX_BATCHES):
            count = self._lead.transact(lambda session: work(session, now, limit))
            self._pulse.beat()
            self._ring()
            done += count
            if count < limit:
                break
        return done

    def _ring(self) -> None:
        queues = self._effects.take_rings()
        if queues:
            self._publish.ring(queues)
