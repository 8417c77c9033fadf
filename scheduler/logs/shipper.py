"""Ships the logs of ended attempts to the archive, on threads of its own; whatever fails is tried again.

What is yet to be shipped is marked from the launch of the attempt on, so that a worker which starts again on the same
folder ships what the one before it could not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from pathlib import Path
from threading import Condition, Thread
from typing import Final, Protocol

from scheduler.errors import DirigentError
from scheduler.logs.address import LogAddress
from scheduler.logs.marks import Marks
from scheduler.vitals import Vitals

_log: Final = logging.getLogger(__name__)

_TOGETHER: Final = 8
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_CLOSE_S: Final = 10.0
#: Whoever has nothing to ship says so this often.
_REST_S: Final = 10.0
#: A batch of long logs may take so long on a slow way; three times this is too long.
_SLOW_S: Final = 100.0


class Target(Protocol):
    """Where logs are shipped to: `logs.archive`."""

    def put(self, folder: Path, address: LogAddress) -> None:
        """Copy the log of an attempt. Raises DirigentError."""


class LogShipper:
    """Hands each log to `target` once its attempt has ended, then calls `on_shipped` with the attempts' ids.

    Of a log that could not be shipped nothing is lost: it stays in the folder, and where it was copied.
    """

    def __init__(
        self,
        target: Target,
        folder: Path,
        on_shipped: Callable[[Collection[int]], None],
        *,
        first_pause_s: float = _FIRST_PAUSE_S,
        vitals: Vitals | None = None,
    ) -> None:
        self._target = target
        self._folder = folder
        self._on_shipped = on_shipped
        self._first_pause_s = first_pause_s
        self._running: dict[int, LogAddress] = {}
        self._waiting: dict[int, LogAddress] = {}
        self._changed = Condition()
        self._is_closing = False
        self._failures = 0
        self._pulse = (vitals or Vitals()).watch("log shipper", _SLOW_S)
        self._marks = Marks(folder)
        self._thread = Thread(target=self._run, name="log-shipper", daemon=True)

    def start(self) -> None:
        """Start the threads; what an earlier process left is shipped first."""
        self._waiting.update((address.attempt_id, address) for address in self._marks.open())
        self._thread.start()

    def close(self) -> None:
        """Ship what waits, if that is possible now, and stop."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(_CLOSE_S)
        self._marks.close()

    def begin(self, address: LogAddress) -> None:
        """Mark an attempt whose log is to be shipped when it has ended."""
        self._marks.add(address)
        with self._changed:
            self._running[address.attempt_id] = address

    def end(self, attempt_id: int) -> None:
        """Ship the log of an attempt that has ended."""
        with self._changed:
            address = self._running.pop(attempt_id, None)
            if address is not None:
                self._waiting[attempt_id] = address
                self._changed.notify()

    def _run(self) -> None:
        while self._wait():
            self._ship(self._take())
        while not self._failures and (batch := self._take()):
            self._ship(batch)

    def _wait(self) -> bool:
        """Wait until there is something to ship, after a failure for longer each time; false when closing."""
        with self._changed:
            if self._failures:
                pause_s = min(_LONGEST_PAUSE_S, self._first_pause_s * 2 ** min(self._failures, 10))
                self._changed.wait_for(lambda: self._is_closing, pause_s)
            while not self._changed.wait_for(lambda: self._is_closing or self._waiting, _REST_S):
                self._pulse.beat()
            return not self._is_closing

    def _take(self) -> list[LogAddress]:
        with self._changed:
            ids = list(self._waiting)[:_TOGETHER]
            return [self._waiting.pop(attempt_id) for attempt_id in ids]

    def _ship(self, batch: list[LogAddress]) -> None:
        done = self._put_all(batch)
        try:
            if done:
                self._on_shipped([address.attempt_id for address in done])
        except Exception:  # noqa: BLE001 - the edge of a thread; what failed is the database's matter
            _log.warning("Logs were shipped, and that could not be noted; it is tried again.", exc_info=True)
            done = []
        for address in done:
            self._marks.discard(address.attempt_id)
        left = {address.attempt_id: address for address in batch if address not in done}
        self._failures = self._failures + 1 if left else 0
        self._pulse.turn()
        if not left:
            self._pulse.beat()
        with self._changed:
            self._waiting.update(left)

    def _put_all(self, batch: list[LogAddress]) -> list[LogAddress]:
        """Put logs side by side; return those that arrived."""
        done: list[LogAddress] = []
        # Not a pool: the interpreter would wait at its end for a store that does not answer.
        threads = [Thread(target=self._put, args=(each, done), daemon=True) for each in batch]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_REST_S)
                self._pulse.turn()
        return done

    def _put(self, address: LogAddress, done: list[LogAddress]) -> None:
        try:
            self._target.put(self._folder, address)
        except DirigentError as error:
            # Once an outage, not once a log.
            level = logging.DEBUG if self._failures else logging.WARNING
            _log.log(
                level, "The log of attempt %s was not shipped and is kept: %s", address.attempt_id, error
            )
        else:
            done.append(address)
