"""Calls from other hands: who had a DAG file's record deleted wants it parsed now, not at the next look."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from scheduler.errors import DatabaseUnavailable
from scheduler.store.dag_files import count_files
from scheduler.store.engine import Database

log = logging.getLogger(__name__)

#: Two questions are asked at least so far apart, however often something is written.
SPACING_S: Final = 0.5
#: Between two questions where nothing wakes; the folder is looked at more often than that anyway.
LOOK_S: Final = 60.0


class Calls:
    """Asks at each wake whether fewer files have a record than are known, and calls `on_call` where that is so."""

    def __init__(self, db: Database, known: Callable[[], int], on_call: Callable[[], None]) -> None:
        self._db = db
        self._known = known
        self._on_call = on_call
        self._is_over = Event()
        self._thread = Thread(target=self._run, name="dag-calls", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._is_over.set()
        self._db.wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(SPACING_S):
            try:
                if self._is_called():
                    self._on_call()
            except DatabaseUnavailable as error:
                log.warning("calls for DAG files: %s", error)
            self._db.wake.wait(LOOK_S)

    def _is_called(self) -> bool:
        with self._db.read() as session:
            return count_files(session) < self._known()
