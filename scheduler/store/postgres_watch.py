"""Hear of other processes' commits to PostgreSQL, and let them hear of this one's: LISTEN and NOTIFY.

Each has a connection of its own, so that neither waits for the pool. NOTIFY inside a transaction would serialize all
commits of the server; sent behind them, many commits share one. Imported only where it is used: it loads psycopg.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

import psycopg
import sqlalchemy as sa
from psycopg import sql

from scheduler.store.postgresql import CHANNEL, plain_url

#: Commits that come closer together than this share a NOTIFY.
TELL_EVERY_S: Final = 0.005
_LONGEST_PAUSE_S: Final = 10.0
_GOODBYE_S: Final = 5.0
_LISTEN: Final = sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL))


class PostgresWatch:
    """Listens in one thread and notifies from another; each connects again after an outage."""

    def __init__(self, url: sa.URL, heard: Callable[[], None]) -> None:
        self._url = plain_url(url)
        self._heard = heard
        self._me = uuid.uuid4().hex
        self._stopped = threading.Event()
        self._to_tell = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(work,), name=f"dirigent-{name}", daemon=True)
            for name, work in (("listen", self._listen), ("notify", self._notify))
        ]
        for thread in self._threads:
            thread.start()

    def tell(self) -> None:
        """Have the others notified, soon; calls that come together share one notification."""
        self._to_tell.set()

    def version(self) -> None:
        """Return None: the server does not say."""

    def close(self) -> None:
        """Send what is yet to be told, and end both threads."""
        self._stopped.set()
        self._to_tell.set()
        for thread in self._threads:
            thread.join(_GOODBYE_S)

    def _run(self, work: Callable[[psycopg.Connection], None]) -> None:
        pause = 0.1
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True) as connection:
                    pause = 0.1
                    work(connection)
            except psycopg.Error:
                self._stopped.wait(pause)
                pause = min(_LONGEST_PAUSE_S, pause * 2)

    def _listen(self, connection: psycopg.Connection) -> None:
        connection.execute(_LISTEN)
        # Whatever was told while nobody listened is made up for by one wake.
        self._heard()
        while not self._stopped.is_set():
            senders = [notify.payload for notify in connection.notifies(timeout=1.0, stop_after=1)]
            if any(sender != self._me for sender in senders):
                self._heard()

    def _notify(self, connection: psycopg.Connection) -> None:
        while True:
            self._to_tell.wait()
            is_last = self._stopped.is_set()
            self._to_tell.clear()
            # Not prepared: behind a pooler, the server of the next call may not know of it.
            connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, self._me), prepare=False)
            if is_last:
                return
            time.sleep(TELL_EVERY_S)
