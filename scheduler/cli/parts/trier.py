"""Tries connections out that people ask about, from where this worker is: what they reach is what its tasks reach."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Event, Lock, Thread
from typing import Any, Final, Protocol

from scheduler.clock import Clock
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.errors import DirigentError
from scheduler.operations.connection_trials import fields_of, finish_trial, take_trials
from scheduler.store.ciphers import Cipher
from scheduler.store.engine import Database
from scheduler.store.trials import TakenTrial, has_pending

log = logging.getLogger(__name__)

#: Trials at once.
MOST: Final = 2
#: Two looks are at least so far apart, and no further than this where nothing wakes.
SPACING_S: Final = 0.2
POLL_S: Final = 5.0
_STOPPED: Final = "The worker that tried it out was stopped."


class Trials(Protocol):
    """Tries connections out, each in a process of its own: `runtime.supervisor.connection_trials`."""

    def try_out(self, fields: Mapping[str, Any]) -> tuple[bool, str]:
        """Return whether a connection works, and what was said of it, no secret in that. Raises TooMuchAtOnce."""


class Trier:
    """Takes trials of the worker's queues. One thread looks, each trial has one while it goes on."""

    def __init__(
        self, db: Database, plan: WorkerPlan, *, clock: Clock, cipher: Cipher, trials: Trials
    ) -> None:
        self._db = db
        self._plan = plan
        self._clock = clock
        self._cipher = cipher
        self._trials = trials
        self._lock = Lock()
        self._going: dict[str, TakenTrial] = {}
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="trier", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Take no more, and say of what goes on that it came to nothing; the database is let go of then."""
        self._stopping.set()
        self._db.wake.set()
        self._thread.join()
        with self._lock:
            left, self._going = list(self._going.values()), {}
        for trial in left:
            self._finish(trial, is_ok=False, message=_STOPPED)

    def _run(self) -> None:
        while not self._stopping.wait(SPACING_S):
            try:
                self._look()
            except DirigentError as error:
                log.warning("trier: %s", error)
            except Exception:
                log.exception("trier: a look failed")
            self._db.wake.wait(POLL_S)

    def _look(self) -> None:
        with self._lock:
            free = MOST - len(self._going)
        if free <= 0:
            return
        with self._db.read() as session:
            if not has_pending(session, self._clock.now(), self._plan.queues):
                return
        plan = self._plan
        for trial in self._db.transact(
            lambda session: take_trials(
                session, self._clock.now(), worker_id=plan.worker_id, queues=plan.queues, limit=free
            )
        ):
            with self._lock:
                self._going[trial.hash] = trial
            Thread(target=self._try_out, args=(trial,), name="trial", daemon=True).start()

    def _try_out(self, trial: TakenTrial) -> None:
        try:
            is_ok, message = self._trials.try_out(fields_of(self._cipher, trial))
        except (DirigentError, OSError) as error:
            is_ok, message = False, str(error)
        # Whoever closes waits for what is being written; of what was said to be stopped nothing is written any more.
        with self._lock:
            if self._going.pop(trial.hash, None) is None:
                return
            self._finish(trial, is_ok=is_ok, message=message)
        self._db.wake.set()

    def _finish(self, trial: TakenTrial, *, is_ok: bool, message: str) -> None:
        """Write what was found; what cannot be written is over when its time is."""
        try:
            self._db.transact(
                lambda session: finish_trial(
                    session,
                    self._clock.now(),
                    self._cipher,
                    trial,
                    self._plan.worker_id,
                    is_ok=is_ok,
                    message=message,
                )
            )
        except DirigentError as error:
            log.warning("trier: what was found of a connection cannot be written: %s", error)
