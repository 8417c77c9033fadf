"""Hear of other processes' writes to SQLite.

The one connection that this process writes with knows, by `PRAGMA data_version`, whether anybody else has written.
It is asked past SQLAlchemy, whose checkout costs ten times as much as the question.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa

from scheduler.store.backend import Backend

_LOOK_EVERY_S: Final = 0.1
_GOODBYE_S: Final = 5.0


class SqliteWatch:
    """Looks ten times a second whether another process has written. Others look for themselves."""

    def __init__(self, backend: Backend, heard: Callable[[], None]) -> None:
        self._backend = backend
        self._heard = heard
        self._version: tuple[int, ...] | None = None
        self._connection = _connection(backend)
        #: Each connection counts for itself.
        self._connections = 0
        sa.event.listen(backend.writes, "connect", self._connected)
        self.look()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dirigent-watch", daemon=True)
        self._thread.start()

    def tell(self) -> None:
        """Do nothing: the file tells."""

    def close(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._thread.join(_GOODBYE_S)
        sa.event.remove(self._backend.writes, "connect", self._connected)

    def _connected(self, connection: sqlite3.Connection, record: object) -> None:
        self._connection = connection
        self._connections += 1

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_EVERY_S):
            if self.look():
                self._heard()

    def look(self) -> bool:
        """Tell whether another process has written since the last look; the first one tells no."""
        version = self.version()
        if version is None:
            # A file that cannot be read now is told of by whoever needs it; the next look may find it again.
            return False
        before, self._version = self._version, version
        return before not in (None, version)

    def version(self) -> tuple[int, ...] | None:
        """Return a value that will be another once another process has committed; None: it cannot be read."""
        try:
            with self._backend.alone():
                ((version,),) = self._connection.execute("PRAGMA data_version").fetchall()
                return self._connections, version
        except sqlite3.Error:
            return None


def _connection(backend: Backend) -> sqlite3.Connection:
    """Return the connection that writes go through."""
    with backend.alone():
        pooled = backend.writes.raw_connection()
        try:
            connection: Any = pooled.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            return connection
        finally:
            pooled.close()
