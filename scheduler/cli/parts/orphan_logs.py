"""Ships logs whose workers cannot any more: of a host that is gone, the copies in the database are all there is."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from scheduler.clock import Clock
from scheduler.errors import DirigentError
from scheduler.logs.address import LogAddress
from scheduler.logs.reader import Piece
from scheduler.store.engine import Database
from scheduler.store.logs import LeftLog, delete_logs, left_logs, read_chunks

if TYPE_CHECKING:
    from scheduler.logs.archive import Archive

_log: Final = logging.getLogger(__name__)

#: A worker that lives has shipped by then, unless the archive is away.
AFTER: Final = timedelta(minutes=10)
_BATCH: Final = 100
_EVERY_S: Final = 60.0
_CLOSE_S: Final = 5.0


class OrphanLogs:
    """Looks once a minute. Several schedulers may do so: what is shipped twice is the same."""

    def __init__(self, db: Database, clock: Clock, archive: Archive) -> None:
        self._db = db
        self._clock = clock
        self._archive = archive
        self._closing = Event()
        self._thread = Thread(target=self._run, name="orphan-logs", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the log that is under way."""
        self._closing.set()
        self._thread.join(_CLOSE_S)

    def ship(self) -> int:
        """Ship what is left; return how many logs. Raises DirigentError where database or archive are away."""
        with self._db.read() as session:
            found = left_logs(session, self._clock.now() - AFTER, _BATCH)
        for left in found:
            if not self._closing.is_set():
                self._ship(left)
        return len(found)

    def _ship(self, left: LeftLog) -> None:
        with self._db.read() as session:
            pieces = [Piece(*found) for found in read_chunks(session, left.attempt_id, limit=1_000_000)]
        address = LogAddress(
            dag_id=left.dag_id,
            run_id=left.run_id,
            attempt_id=left.attempt_id,
            task_id=left.task_id,
            path=left.path,
        )
        self._archive.put_pieces(address, pieces)
        self._db.transact(lambda session: delete_logs(session, [left.attempt_id]))

    def _run(self) -> None:
        while not self._closing.wait(_EVERY_S):
            try:
                self.ship()
            except DirigentError as error:
                _log.warning("Logs of workers that are gone were not shipped; they are kept: %s", error)
