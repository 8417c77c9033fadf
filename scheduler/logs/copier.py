"""Copies logs to where other hosts can read them: in pieces, every half second, with a bound on each log and on
what may wait.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from scheduler.logs.excerpt import Excerpt
from scheduler.metrics.instruments import LOG_COPIED
from scheduler.vitals import Vitals

_log: Final = logging.getLogger(__name__)

INTERVAL_S: Final = 0.5
DEFAULT_LIMIT: Final = 2_000_000
WAITING_LIMIT: Final = 32_000_000
_CLOSE_S: Final = 10.0


class Chunk(NamedTuple):
    """A piece of a log; the pieces of an attempt are put together in the order of `start`."""

    attempt_id: int
    start: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be written together: chunks, and the (attempt_id, start) of those that fell out of their bound."""

    chunks: list[Chunk] = field(default_factory=list)
    dropped: list[tuple[int, int]] = field(default_factory=list)
    #: Attempts of which no more will come.
    ended: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of its chunks."""
        return sum(len(chunk.data) for chunk in self.chunks)


@dataclass(slots=True)
class _Copied:
    """One log that is being copied."""

    attempt_id: int
    excerpt: Excerpt
    is_closed: bool = False


class LogCopier:
    """Collects pieces of many logs and hands what waits to `write` in one call, on a thread of its own.

    `limit` bounds the copy of one log. While `write` fails, pieces wait up to `waiting_limit` bytes in all; then they
    are dropped. Either way the reader sees where some are missing. `on_copied` hears of each log that has ended and
    was written as a whole.
    """

    def __init__(
        self,
        write: Callable[[Batch], None],
        *,
        on_copied: Callable[[int], None] | None = None,
        limit: int = DEFAULT_LIMIT,
        interval_s: float = INTERVAL_S,
        waiting_limit: int = WAITING_LIMIT,
        vitals: Vitals | None = None,
    ) -> None:
        self._write = write
        self._on_copied = on_copied
        self._limit = limit
        self._interval_s = interval_s
        self._waiting_limit = waiting_limit
        self._lock = threading.Lock()
        self._copied: dict[tuple[int, int], _Copied] = {}
        self._size = 0
        self._unwritten: Batch | None = None
        self._pulse = (vitals or Vitals()).watch("log copier", interval_s)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-copier", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Copy what waits, if that is possible now, and stop."""
        self._closing.set()
        self._thread.join(_CLOSE_S)

    def copy_of(self, attempt_id: int, epoch: int) -> LogCopy:
        """Return where the sink of an attempt puts what it writes."""
        key = (attempt_id, epoch)
        with self._lock:
            self._copied[key] = _Copied(attempt_id, Excerpt(self._limit))
        return LogCopy(self, key)

    def take(self, key: tuple[int, int], position: int, data: bytes) -> None:
        """Add bytes of a log to what waits."""
        with self._lock:
            if self._size + len(data) > self._waiting_limit:
                return
            excerpt = self._copied[key].excerpt
            before = excerpt.size
            excerpt.add(position, data)
            self._size += excerpt.size - before

    def end(self, key: tuple[int, int]) -> None:
        """Expect no more of a log."""
        with self._lock:
            self._copied[key].is_closed = True

    def _run(self) -> None:
        while not self._closing.wait(self._interval_s):
            self._copy()
        self._copy()

    def _copy(self) -> None:
        """Write what could not be written before, as it was, then what waits."""
        if self._unwritten is not None:
            self._write_out(self._unwritten)
        if self._unwritten is None:
            with self._lock:
                batch = self._take_waiting()
            if batch is not None:
                self._write_out(batch)
        self._pulse.turn()
        if self._unwritten is None:
            self._pulse.beat()

    def _write_out(self, batch: Batch) -> None:
        try:
            self._write(batch)
        except Exception:  # noqa: BLE001 - the edge of a thread; what failed is the database's matter
            self._unwritten = batch
            _log.warning(
                "Logs could not be copied to the database; they are kept and tried again.", exc_info=True
            )
            return
        self._unwritten = None
        LOG_COPIED.inc(batch.size)
        with self._lock:
            self._size -= batch.size
        if self._on_copied is not None:
            for attempt_id in batch.ended:
                self._on_copied(attempt_id)

    def _take_waiting(self) -> Batch | None:
        batch = Batch()
        for key, log in list(self._copied.items()):
            waiting = log.excerpt.size
            pieces, dropped = log.excerpt.take()
            batch.chunks.extend(Chunk(log.attempt_id, *piece) for piece in pieces)
            batch.dropped.extend((log.attempt_id, start) for start in dropped)
            self._size -= waiting - sum(len(piece.data) for piece in pieces)
            if log.is_closed:
                batch.ended.append(log.attempt_id)
                del self._copied[key]
        return batch if batch.chunks or batch.ended else None


@dataclass(frozen=True, slots=True)
class LogCopy:
    """The copy of one log, as its sink sees it."""

    copier: LogCopier
    key: tuple[int, int]

    def write(self, position: int, data: bytes) -> None:
        """Add bytes."""
        self.copier.take(self.key, position, data)

    def close(self) -> None:
        """Expect no more."""
        self.copier.end(self.key)
