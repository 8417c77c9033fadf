"""Reads a log from a position on, while it grows or after its end, from wherever its pieces lie."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from scheduler.errors import Conflict
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import DIRIGENT, LogLine, amount, decode_lines, encode_line
from scheduler.logs.segments import PER_EPOCH, segments

PART_LIMIT: Final = 256_000
#: Says what a gap in a file means; a copy has words of its own.
CUT: Final = "were dropped here: the log is longer than DIRIGENT_LOG_MAX_BYTES allows."


class Piece(NamedTuple):
    """Bytes of a log, and the position where they begin."""

    start: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LogPart:
    """Complete lines from an offset on, as in the file; go on at `next_offset`. `done`: no more will come."""

    data: bytes
    next_offset: int
    done: bool

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """The lines themselves."""
        return decode_lines(self.data)


def read(folder: Path, address: LogAddress, offset: int, limit: int = PART_LIMIT) -> LogPart | None:
    """Return what was written from `offset` on, about `limit` bytes; None where this host has no such log.

    Raises BadId for ids that could lead out of the folder, Conflict where a task put something else in its place.
    """
    files = segments(address.file(folder))
    return assemble(_pieces(files, offset, limit), offset, limit, CUT) if files else None


def size(folder: Path, address: LogAddress) -> int | None:
    """Return the position at which the log ends for now; None where this host has no such log."""
    files = segments(address.file(folder))
    return files[-1][0] + _size_of(files[-1][1]) if files else None


def assemble(pieces: Iterable[Piece], offset: int, limit: int, gap: str) -> LogPart:
    """Make lines of pieces in order, which are asked for as needed; where some are missing, say so with `gap`."""
    whole = bytearray()
    begins, at, taken, is_all = 0, offset, 0, True
    for start, data in pieces:
        if taken >= limit:
            is_all = False
            break
        if start > at:
            # What was cut in the middle of a line is shown as it is.
            whole += b"\n" * (len(whole) > begins) + _gap(at, start, gap)
            begins = len(whole)
        at = max(at, start)
        new = data[at - start :]
        whole += new
        taken += len(new)
        at += len(new)
        begins = max(begins, whole.rfind(b"\n") + 1)
    waiting = len(whole) - begins
    del whole[begins:]
    # A log is written on when its attempt is claimed again: only the very last line counts.
    done = is_all and not waiting and _is_last(whole)
    return LogPart(bytes(whole), at - waiting, done)


def _is_last(data: bytearray) -> bool:
    last = data[data.rfind(b"\n", 0, -1) + 1 :]
    return bool(last) and decode_lines(bytes(last))[-1].is_last


def joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield pieces with those put together between which nothing is missing."""
    begun = Piece(0, b"")
    for piece in pieces:
        if begun.data and piece.start == begun.start + len(begun.data):
            begun = Piece(begun.start, begun.data + piece.data)
            continue
        if begun.data:
            yield begun
        begun = piece
    if begun.data:
        yield begun


def _pieces(files: Iterable[tuple[int, Path]], offset: int, limit: int) -> Iterator[Piece]:
    for start, file in files:
        at = max(start, offset)
        data = _read_at(file, at - start, limit)
        if data:
            yield Piece(at, data)


def _read_at(file: Path, offset: int, limit: int) -> bytes:
    try:
        with open(file, "rb", opener=_open_log) as stream:
            stream.seek(offset)
            return stream.read(limit)
    except FileNotFoundError:
        # It was dropped, or pruned, since its folder was listed.
        return b""


def _size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _open_log(path: str, flags: int) -> int:
    """Open without waiting, and without following a link: what lies there may be a pipe or a device."""
    fd = os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise Conflict(f"{path} is no file: something else was put in place of this log. Remove it.")
    return fd


def _gap(at: int, start: int, words: str) -> bytes:
    """Return the line that stands for what is missing; a later epoch begins at a position of its own."""
    if at // PER_EPOCH != start // PER_EPOCH:
        return b""
    return encode_line(None, "warning", DIRIGENT, f"… {amount(start - at)} {words}")
