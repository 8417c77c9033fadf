"""What a child prints, cut into lines and written to its log. Memory is bounded by one piece and one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from scheduler.logs.lines import DIRIGENT, LEVELS, LOGGING, STDERR, amount
from scheduler.logs.sink import LogSink

#: Bytes of one line that are looked at; the log shows fewer, so that no half of a secret shows at the cut.
LINE_BYTES: Final = 128_000
#: How log records of Python are marked: see `child.records`.
_MARK: Final = b"\x1e"
#: Of what is passed over, so many bytes are kept; of very short lines fewer, as they take their time by number.
_KEPT: Final = 64_000
_KEPT_LINES: Final = 2_000
_KEPT_SHORT: Final = 4_000
_PASSED_OVER: Final = "were dropped here: the task printed faster than a long log is written."


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

    def break_off(self) -> Iterator[Line]:
        """Yield the line that was begun, and pass over the rest of it, wherever in it the next piece begins."""
        if self._start:
            yield Line(self._start, is_cut=True)
            self._start = b""
        self._is_skipping = True

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
    """Writes what a child prints into its log, line by line; `flush_soon` is called when there is something new."""

    def __init__(self, log: LogSink, source: str, flush_soon: Callable[[], None]) -> None:
        self._log = log
        self._source = source
        self._flush_soon = flush_soon
        self._splitter = LineSplitter()
        self._kept = b""
        self._dropped = 0

    @property
    def may_skip(self) -> bool:
        """Whether its beginning is kept already: of what follows, only the end will be."""
        return self._log.has_head

    def take(self, piece: bytes) -> int:
        """Add a piece; return how many lines it completed."""
        count = 0
        for line in self._splitter.feed(piece):
            self._add(line)
            count += 1
        self._flush_soon()
        return count

    def skip(self, piece: bytes) -> None:
        """Keep the end of what is passed over, and count the rest."""
        whole = len(self._kept) + len(piece)
        self._kept = (self._kept + piece if len(piece) < _KEPT else piece)[-_KEPT:]
        self._dropped += whole - len(self._kept)

    def catch_up(self) -> None:
        """Add the end of what was passed over, after a line that says how much is missing before it."""
        kept, self._kept = self._kept, b""
        if kept.count(b"\n") > _KEPT_LINES:
            self._dropped += len(kept) - _KEPT_SHORT
            kept = kept[-_KEPT_SHORT:]
        if self._dropped:
            for line in self._splitter.break_off():
                self._add(line)
            self._log.line("warning", DIRIGENT, f"… {amount(self._dropped)} {_PASSED_OVER}")
            self._dropped = 0
        if kept:
            self.take(kept)

    def finish(self) -> None:
        """Add what was passed over last, and the line that was begun."""
        self.catch_up()
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
