"""Asks the database now and then, for the health of a process that has nothing else to do with it but pages."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import Final

from scheduler.errors import DatabaseUnavailable
from scheduler.store.engine import Database
from scheduler.vitals import Vitals

_log: Final = logging.getLogger(__name__)
EVERY_S: Final = 5.0


class DatabaseProbe:
    """A thread that waits for the database's answers, so that nobody who asks for health has to."""

    def __init__(self, db: Database, vitals: Vitals) -> None:
        self._db = db
        self._pulse = vitals.watch("database", EVERY_S)
        self._closing = Event()
        self._thread = Thread(target=self._run, name="database-probe", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def close(self) -> None:
        """Ask no more; an answer that never comes is not waited for."""
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.wait(EVERY_S):
            self._pulse.turn()
            try:
                self._db.ping()
                self._pulse.beat()
            except DatabaseUnavailable as error:
                _log.warning("database: %s", error)
