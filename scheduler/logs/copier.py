"""Copies logs to where other hosts can read them: in pieces, every half second, with a bound on what may
wait.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from scheduler.clock import Clock
from scheduler.logs.lines import DIRIGENT, encode_line

_log: Final = logging.getLogger(__name__)

#: Sequence numbers of one epoch of an attempt; a later epoch may be written by another host.
PER_EPOCH: Final = 1_000_000
INTERVAL_S: Final = 0.5
WAITING_LIMIT: Final = 16_000_000
_CLOSE_S: Final = 10.0


class Chunk(NamedTuple):
    """A piece of a log; the pieces of an attempt are put together in the order of `seq`."""

    attempt_id: int
    seq: int
    data: bytes


@dataclass(slots=True)
class _Copied:
    """One log that is being copied."""

    attempt_id: int
    next_seq: int
    waiting: bytearray = field(default_factory=bytearray)
    dropped: int = 0
    is_closed: bool = False


class LogCopier:
    """Collects pieces of many logs and hands what waits to `write` in one call, on a thread of its own.

    While `write` fails, pieces wait up to `waiting_limit` bytes in all; then they are dropped, and the copy
    says so.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Chunk]], None],
        clock: Clock,
        *,
        interval_s: float = INTERVAL_S,
        waiting_limit: int = WAITING_LIMIT,
    ) -> None:
        self._write = write
        self._clock = clock
        self._interval_s = interval_s
        self._limit = waiting_limit
        self._lock = threading.Lock()
        self._copied: dict[tuple[int, int], _Copied] = {}
        self._size = 0
        self._unwritten: list[Chunk] = []
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
            self._copied[key] = _Copied(attempt_id, epoch * PER_EPOCH)
        return LogCopy(self, key)

    def take(self, key: tuple[int, int], data: bytes) -> None:
        """Add bytes of a log to what waits."""
        with self._lock:
            log = self._copied[key]
            if self._size + len(data) > self._limit:
                log.dropped += len(data)
                return
            if log.dropped:
                self._note_gap(log)
            log.waiting += data
            self._size += len(data)

    def end(self, key: tuple[int, int]) -> None:
        """Expect no more of a log."""
        with self._lock:
            self._copied[key].is_closed = True

    def _note_gap(self, log: _Copied) -> None:
        words = f"{log.dropped:,} bytes are missing in this copy of the log; the worker's own file has them."
        log.waiting += encode_line(self._clock.now(), "warning", DIRIGENT, words)
        log.dropped = 0

    def _run(self) -> None:
        while not self._closing.wait(self._interval_s):
            self._copy()
        self._copy()

    def _copy(self) -> None:
        """Write what could not be written before, with the same numbers, then what waits."""
        self._write_out()
        if not self._unwritten:
            with self._lock:
                self._unwritten = self._take_waiting()
            self._write_out()

    def _write_out(self) -> None:
        if not self._unwritten:
            return
        try:
            self._write(self._unwritten)
        except Exception:  # noqa: BLE001 - the edge of a thread; what failed is the database's matter
            _log.warning(
                "Logs could not be copied to the database; they are kept and tried again.", exc_info=True
            )
            return
        written, self._unwritten = sum(len(chunk.data) for chunk in self._unwritten), []
        with self._lock:
            self._size -= written

    def _take_waiting(self) -> list[Chunk]:
        chunks = []
        for key, log in list(self._copied.items()):
            if log.is_closed and log.dropped:
                self._note_gap(log)
            if log.waiting:
                chunks.append(Chunk(log.attempt_id, log.next_seq, bytes(log.waiting)))
                log.next_seq += 1
                log.waiting.clear()
            if log.is_closed:
                del self._copied[key]
        return chunks


@dataclass(frozen=True, slots=True)
class LogCopy:
    """The copy of one log, as its sink sees it."""

    copier: LogCopier
    key: tuple[int, int]

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self.copier.take(self.key, data)

    def close(self) -> None:
        """Expect no more."""
        self.copier.end(self.key)
