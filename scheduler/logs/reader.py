"""Reads a log from an offset on, while it grows or after its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scheduler.logs.address import LogAddress
from scheduler.logs.lines import LogLine, decode_lines

PART_LIMIT: Final = 256_000


@dataclass(frozen=True, slots=True)
class LogPart:
    """Complete lines from an offset on; go on at `next_offset`. `done`: no more will come."""

    lines: tuple[LogLine, ...]
    next_offset: int
    done: bool


def read(folder: Path, address: LogAddress, offset: int, limit: int = PART_LIMIT) -> LogPart | None:
    """Return what was written from `offset` on, about `limit` bytes; None where this host has no such log.

    Raises BadId for ids that could lead out of the folder.
    """
    file = address.file(folder)
    try:
        with file.open("rb") as stream:
            stream.seek(offset)
            return part_of(stream.read(limit), offset)
    except FileNotFoundError:
        return None


def read_chunks(chunks: Iterable[bytes], offset: int, limit: int = PART_LIMIT) -> LogPart:
    """The same for a log that was copied in pieces; `chunks` are all of them, in order, asked for as needed."""
    start, data = 0, bytearray()
    for chunk in chunks:
        data += chunk[max(0, offset - start) :]
        start += len(chunk)
        if len(data) >= limit:
            break
    return part_of(bytes(data[:limit]), offset)


def part_of(data: bytes, offset: int) -> LogPart:
    """Read the lines that are complete; the rest is left for the next time."""
    end = data.rfind(b"\n") + 1
    lines = decode_lines(data[:end])
    # A log is written on when its attempt is claimed again: only the very last line counts.
    done = bool(lines) and lines[-1].is_last and end == len(data)
    return LogPart(lines, offset + end, done)
