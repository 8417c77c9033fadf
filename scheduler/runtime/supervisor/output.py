"""What a child prints: read at a bounded rate, cut into lines, written to its log.

A task that prints without end is slowed down by its own full pipe. Nobody else is: it gets one piece a turn,
and none
once it has used up its allowance. Memory is bounded by one piece and one line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from scheduler.clock import Clock
from scheduler.logs.sink import LogSink
from scheduler.runtime.supervisor.reactor import Reactor, Timer

_PIECE: Final = 65_536
#: Cost of a second, and what may be saved up; a byte costs 1, a line `_LINE_COST` more.
_RATE: Final = 8_000_000
_BURST: Final = 2_000_000
_LINE_COST: Final = 100
_PAUSE_S: Final = 0.02
#: What is read after the end of a child: more than a pipe holds, so that a grandchild that goes on printing
#: cannot stall.
_DRAIN: Final = 2_000_000

#: Bytes of one line that are looked at; the log shows fewer, so that no half of a secret shows at the cut.
LINE_BYTES: Final = 128_000
#: How log records of Python are marked: see `child.records`.
_MARK: Final = b"\x1e"
_LEVELS: Final = frozenset({"debug", "info", "warning", "error", "critical"})
PRINTED: Final = "output"


class OutputPipe:
    """Reads a pipe and hands pieces to `take`, which returns how many lines it made of them.

    Owns the descriptor.
    """

    def __init__(self, reactor: Reactor, clock: Clock, fd: int, take: Callable[[bytes], int]) -> None:
        self._reactor = reactor
        self._clock = clock
        self._fd = fd
        self._take = take
        self._allowance = float(_BURST)
        self._counted_at = clock.monotonic()
        self._timer: Timer | None = None
        self._is_open = True
        self._is_watched = False
        os.set_blocking(fd, False)
        self._watch()

    def finish(self) -> None:
        """Read what is still in the pipe, and close it."""
        left = _DRAIN
        while self._is_open and left > 0 and (size := self._read()):
            left -= size
        self.close()

    def close(self) -> None:
        """Read no more."""
        if not self._is_open:
            return
        self._is_open = False
        self._unwatch()
        if self._timer is not None:
            self._timer.cancel()
        os.close(self._fd)

    def _ready(self, _events: int) -> None:
        self._read()
        if self._is_open and not self._may_read():
            self._unwatch()
            self._timer = self._reactor.call_later(_PAUSE_S, self._watch)

    def _read(self) -> int:
        try:
            piece = os.read(self._fd, _PIECE)
        except BlockingIOError:
            return 0
        except OSError:
            piece = b""
        if not piece:
            self.close()
            return 0
        self._allowance -= len(piece) + self._take(piece) * _LINE_COST
        return len(piece)

    def _may_read(self) -> bool:
        if self._allowance > 0:
            return True
        now = self._clock.monotonic()
        self._allowance = min(_BURST, self._allowance + (now - self._counted_at) * _RATE)
        self._counted_at = now
        return self._allowance > 0

    def _watch(self) -> None:
        self._timer = None
        if not self._may_read():
            self._timer = self._reactor.call_later(_PAUSE_S, self._watch)
            return
        self._reactor.watch(self._fd, self._ready)
        self._is_watched = True

    def _unwatch(self) -> None:
        if self._is_watched:
            self._reactor.forget(self._fd)
            self._is_watched = False


class Line(NamedTuple):
    """A line without its end. `is_cut`: it went on beyond what is looked at."""

    content: bytes
    is_cut: bool


class LineSplitter:
    """Makes lines of pieces; holds at most one line, cut at its limit."""

    def __init__(self, limit: int = LINE_BYTES) -> None:
        self._limit = limit
        self._start = b""
        self._is_skipping = False

    def feed(self, piece: bytes) -> Iterator[Line]:
        """Yield the lines that are complete now."""
        *ended, rest = piece.split(b"\n")
        for part in ended:
            yield from self._end_line(part)
        yield from self._go_on(rest)

    def rest(self) -> Iterator[Line]:
        """Yield the line that was begun, at the end of the output."""
        if self._start:
            yield Line(self._start, is_cut=False)
            self._start = b""

    def _end_line(self, part: bytes) -> Iterator[Line]:
        if self._is_skipping:
            self._is_skipping = False
            return
        whole = self._start + part
        self._start = b""
        yield Line(whole[: self._limit], is_cut=len(whole) > self._limit)

    def _go_on(self, part: bytes) -> Iterator[Line]:
        if self._is_skipping:
            return
        self._start += part
        if len(self._start) > self._limit:
            yield Line(self._start[: self._limit], is_cut=True)
            self._start = b""
            self._is_skipping = True


class LogOutput:
    """Writes what a child prints into its log, line by line."""

    def __init__(self, log: LogSink) -> None:
        self._log = log
        self._splitter = LineSplitter()

    def take(self, piece: bytes) -> int:
        """Add a piece; return how many lines it completed."""
        if self._log.is_full:
            self._log.drop(piece.count(b"\n"))
            return 0
        count = 0
        for line in self._splitter.feed(piece):
            self._add(line)
            count += 1
        return count

    def finish(self) -> None:
        """Add the line that was begun."""
        for line in self._splitter.rest():
            self._add(line)

    def _add(self, line: Line) -> None:
        level, source, text = read_line(line)
        self._log.line(level, source, text, is_cut=line.is_cut)


def read_line(line: Line) -> tuple[str, str, str]:
    """Return level, source and text of a line: of a marked record what it says, else what was printed."""
    if line.content.startswith(_MARK) and not line.is_cut:
        record = _record(line.content[1:])
        if record is not None:
            return record
    # What a terminal would show of a line that was written over, such as a progress bar.
    shown = line.content.rstrip(b"\r").rpartition(b"\r")[2]
    return "info", PRINTED, shown.decode(errors="replace")


def _record(content: bytes) -> tuple[str, str, str] | None:
    try:
        data = json.loads(content)
        level, source, text = data["level"], data["source"], data["text"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return (level if level in _LEVELS else "info"), str(source)[:200], str(text)
