"""Hear of other processes' writes to SQLite.

The one connection that this process writes with knows, by `PRAGMA data_version`, whether anybody else has written.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from scheduler.store.backend import Backend

_LOOK_EVERY_S: Final = 0.1
_GOODBYE_S: Final = 5.0


class SqliteWatch:
    """Looks ten times a second whether another process has written. Others look for themselves."""

    def __init__(self, backend: Backend, heard: Callable[[], None]) -> None:
        self._backend = backend
        self._heard = heard
        self._version: int | None = None
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

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_EVERY_S):
            if self.look():
                self._heard()

    def look(self) -> bool:
        """Tell whether another process has written since the last look; the first one tells no."""
        try:
            version = self._data_version()
        except (sa.exc.SQLAlchemyError, sqlite3.Error):
            # A file that cannot be read now is told of by whoever needs it; the next look may find it again.
            return False
        before, self._version = self._version, version
        return before not in (None, version)

    def _data_version(self) -> int:
        with self._backend.alone():
            connection = self._backend.writes.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA data_version")
                ((version,),) = cursor.fetchall()
                return int(version)
            finally:
                connection.close()
