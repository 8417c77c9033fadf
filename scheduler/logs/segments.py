"""The files of one log: the head, and behind it the newest of what no longer fits.

A *position* counts the bytes of a log from its beginning, dropped ones included. A file begins at a position: the
head at that of its epoch, each later one at the position that its name ends with (`7.log`, `7.log.33554432`). Files
between head and tail are deleted; what is missing shows as a gap between positions. Whoever reads by position is
never misled by what was deleted meanwhile, and the same positions hold for copies elsewhere.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

#: Positions of one epoch of an attempt; a later epoch may be written by another host.
PER_EPOCH: Final = 1 << 40
#: Of the bound, half is for the head; the tail is made of files of an eighth.
_HEAD: Final = 2
_PART: Final = 8


def first_position(epoch: int) -> int:
    """Return where the log of an attempt's epoch begins; the first epoch is 1."""
    return max(0, epoch - 1) * PER_EPOCH


class SegmentWriter:
    """Writes one log into files that take `limit` bytes together, and little more."""

    def __init__(self, file: Path, limit: int) -> None:
        self._file = file
        self._head_room = limit // _HEAD
        self._part_room = limit // _PART
        self._tail_room = limit - self._head_room
        self._tail: deque[tuple[Path, int]] = deque()
        #: Whether the first file is complete.
        self.has_head = False
        self._current: Path | None = None
        self._fd = -1
        self._size = 0

    def write(self, position: int, data: bytes) -> None:
        """Write whole lines, the first of which begins at the position. Raises OSError.

        After an error the next lines go into a file of their own: what is missing shows.
        """
        try:
            for part in self._parts(data):
                self._write(position, part)
                position += len(part)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file that is being written."""
        if self._current is not None:
            os.close(self._fd)
            self._end_current(self._current)

    def _parts(self, data: bytes) -> Iterator[bytes]:
        """Yield pieces that fit into what is open; each is written before the next one is asked for."""
        while self._size + len(data) > self._room:
            end = data.rfind(b"\n", 0, self._room - self._size) + 1
            # A line that fits into no file has one of its own.
            end = end or (0 if self._size else data.find(b"\n") + 1)
            if end:
                yield data[:end]
            self.close()
            data = data[end:]
        if data:
            yield data

    @property
    def _room(self) -> int:
        return self._part_room if self.has_head else self._head_room

    def _write(self, position: int, data: bytes) -> None:
        if self._current is None:
            file = _segment(self._file, position)
            _make_private(file.parent)
            self._fd = _create(file)
            self._current = file
        self._size += len(data)
        written = os.write(self._fd, data)
        if written < len(data):
            os.write(self._fd, data[written:])

    def _end_current(self, file: Path) -> None:
        if self.has_head:
            self._tail.append((file, self._size))
        self.has_head = True
        self._current = None
        self._size = 0
        # The next file is counted in full, so that the bound holds while it is written.
        while sum(size for _, size in self._tail) > self._tail_room - self._part_room:
            oldest, _ = self._tail.popleft()
            with contextlib.suppress(OSError):
                oldest.unlink()


def segments(file: Path) -> list[tuple[int, Path]]:
    """Return the files of a log with the positions where they begin, in order; none where there is no log."""
    try:
        names = os.listdir(file.parent)  # noqa: PTH208 - runs at each look at a log; names are all it takes
    except FileNotFoundError:
        return []
    return [(start, file.with_name(name)) for start, name in in_order(file.name, names)]


def in_order(log: str, names: Collection[str]) -> list[tuple[int, str]]:
    """Return those of the names that are files of this log, each with its position, in order."""
    start = f"{log}."
    found = [(int(name[len(start) :]), name) for name in names if _is_later(name, start)]
    return sorted([(0, name) for name in names if name == log] + found)


def _is_later(name: str, start: str) -> bool:
    return name.startswith(start) and name[len(start) :].isascii() and name[len(start) :].isdigit()


def _segment(file: Path, position: int) -> Path:
    return file.with_name(name_at(file.name, position))


def name_at(log: str, position: int) -> str:
    """Return the name of the file of a log that begins at a position."""
    return f"{log}.{position}" if position else log


def _create(file: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(file, flags, 0o600)
    except FileExistsError:
        # Of another attempt with this number, from before the database was made anew.
        for _, stale in segments(file):
            stale.unlink(missing_ok=True)
        file.unlink(missing_ok=True)
        return os.open(file, flags, 0o600)


def _make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing; `mkdir(parents=True)` would open the upper ones to all."""
    if not folder.is_dir():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
