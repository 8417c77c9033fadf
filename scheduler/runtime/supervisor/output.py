"""What a child prints: read at a bounded rate, cut into lines, written to its log.

A task that prints without end is slowed down by its own full pipe. Nobody else is: it gets one piece a turn,
and none
once it has used up its allowance. Memory is bounded by one piece and one line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from scheduler.logs.lines import LEVELS, LOGGING, STDERR
from scheduler.logs.sink import LogSink
from scheduler.runtime.supervisor.rate import LINE_COST, Allowance
from scheduler.runtime.supervisor.reactor import Reactor, Timer

#: What is read at once; of lines that are short, less: they take their time by number.
_PIECE: Final = 65_536
_SMALL_PIECE: Final = 4_096
_PAUSE_S: Final = 0.02
#: What is read after the end of a child: more than a pipe holds, so that a grandchild that goes on printing
#: cannot stall.
_DRAIN: Final = 2_000_000

#: Bytes of one line that are looked at; the log shows fewer, so that no half of a secret shows at the cut.
LINE_BYTES: Final = 128_000
#: How log records of Python are marked: see `child.records`.
_MARK: Final = b"\x1e"


def open_pipes(count: int) -> list[tuple[int, int]]:
    """Open pipes, all or none: read end and write end of each. Raises OSError."""
    pipes: list[tuple[int, int]] = []
    try:
        for _ in range(count):
            pipes.append(os.pipe())
    except OSError:
        for fd in chain(*pipes):
            os.close(fd)
        raise
    return pipes


class OutputPipe:
    """Reads a pipe and hands pieces to `take`, which returns how many lines it made of them.

    Owns the descriptor.
    """

    def __init__(self, reactor: Reactor, allowance: Allowance, fd: int, take: Callable[[bytes], int]) -> None:
        self._reactor = reactor
        self._allowance = allowance
        self._fd = fd
        self._take = take
        self._piece = _PIECE
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
        self._allowance.close()
        os.close(self._fd)

    def _ready(self, _events: int) -> None:
        self._read()
        if self._is_open and not self._allowance.is_left():
            self._unwatch()
            self._timer = self._reactor.call_later(_PAUSE_S, self._watch)

    def _read(self) -> int:
        try:
            piece = os.read(self._fd, self._piece)
        except BlockingIOError:
            return 0
        except OSError:
            piece = b""
        if not piece:
            self.close()
            return 0
        line_cost = self._take(piece) * LINE_COST
        self._allowance.spend(len(piece) + line_cost)
        self._piece = _SMALL_PIECE if line_cost > 4 * len(piece) else _PIECE
        return len(piece)

    def _watch(self) -> None:
        self._timer = None
        if not self._allowance.is_left():
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

    def __init__(self, log: LogSink, source: str) -> None:
        self._log = log
        self._source = source
        self._splitter = LineSplitter()

    def take(self, piece: bytes) -> int:
        """Add a piece; return how many lines it completed."""
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
        printed, mark, record = line.content.partition(_MARK)
        said = read_record(record) if mark else None
        if said is None:
            self._print(line.content, is_cut=line.is_cut)
            return
        if printed:
            self._print(printed, is_cut=False)
        self._log.line(said.level, LOGGING, said.text, logger=said.logger, is_cut=said.is_cut)

    def _print(self, content: bytes, *, is_cut: bool) -> None:
        # What a terminal would show of a line that was written over, such as a progress bar.
        shown = content.rstrip(b"\r").rpartition(b"\r")[2]
        level = "warning" if self._source == STDERR else "info"
        text = shown.decode(errors="replace")
        # Half a character at the cut would hide half a secret from the masker.
        self._log.line(level, self._source, text.rstrip("\ufffd") if is_cut else text, is_cut=is_cut)


class Said(NamedTuple):
    """A record of Python's logging. `is_cut`: its text went on."""

    level: str
    logger: str
    text: str
    is_cut: bool


def read_record(content: bytes) -> Said | None:
    """Read what follows the mark; None where that is no record: then it was printed."""
    try:
        data = json.loads(content)
        level, logger, text = str(data["level"]), str(data["logger"]), str(data["text"])
        is_cut = bool(data.get("cut"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Said(level if level in LEVELS else "info", logger[:200], text, is_cut)
