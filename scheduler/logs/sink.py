"""Writes the log of one attempt: masked, bounded, and on disk within one turn of the loop that feeds it.

A log that cannot be written (a full disk, missing rights) never stops its task: the error is counted and
kept, and writing is tried again with the next line.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Protocol

from scheduler.clock import Clock
from scheduler.logs.lines import DIRIGENT, encode_line
from scheduler.logs.mask import Masker


class Copy(Protocol):
    """Gets everything that is written, for readers elsewhere: see `logs.copier`."""

    def write(self, data: bytes) -> None:
        """Add bytes of the log, whole lines."""

    def close(self) -> None:
        """Expect no more."""


DEFAULT_LIMIT: Final = 20_000_000
#: Characters of one line.
LINE_LIMIT: Final = 32_000
#: Kept free for what Dirigent itself says at the end.
_RESERVE: Final = 16_000


class LogSink:
    """The log of one attempt. Not thread-safe: whoever runs the attempt owns it.

    `limit` bounds its bytes; `copy` gets everything that is written, `flush` decides when.
    """

    def __init__(
        self,
        file: Path,
        clock: Clock,
        *,
        limit: int = DEFAULT_LIMIT,
        masker: Masker | None = None,
        copy: Copy | None = None,
    ) -> None:
        self.masker = masker or Masker()
        self.file = file
        self.error_count = 0
        self.error_reason = ""
        self._clock = clock
        self._limit = limit
        self._copy = copy
        self._size = 0
        self._dropped_lines = 0
        self._pending: list[bytes] = []
        self._fd: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether lines of the task are counted but no longer kept."""
        return self._dropped_lines > 0

    def line(self, level: str, source: str, text: str, *, is_cut: bool = False) -> None:
        """Add a line. `is_cut`: the text is the start of a longer one."""
        masked = self.masker.mask_start(text) if is_cut else self.masker.mask(text)
        if is_cut or len(masked) > LINE_LIMIT:
            masked = f"{masked[:LINE_LIMIT]} … [line cut]"
        data = encode_line(self._clock.now(), level, source, masked)
        if source == DIRIGENT or self._size + len(data) <= self._limit - _RESERVE:
            self._add(data)
        else:
            self.drop(1)

    def drop(self, line_count: int) -> None:
        """Count lines that are not kept; the first time, say so."""
        if not self._dropped_lines:
            self._add(encode_line(self._clock.now(), "warning", DIRIGENT, self._full_words()))
        self._dropped_lines += line_count

    def flush(self) -> None:
        """Write what was added since the last time, in one go."""
        if not self._pending:
            return
        data = b"".join(self._pending)
        self._pending.clear()
        self._write(data)
        if self._copy is not None:
            self._copy.write(data)

    def close(self, level: str = "info", text: str = "This log is complete.") -> None:
        """Add the last line, by which a reader knows that no more will come, and close the file."""
        if self._dropped_lines:
            words = f"{self._full_words()} {self._dropped_lines:,} more lines were printed and not kept."
            self.line("warning", DIRIGENT, words)
        last = encode_line(
            self._clock.now(), level, DIRIGENT, self.masker.mask(text)[:LINE_LIMIT], is_last=True
        )
        self._add(last)
        self.flush()
        if self._copy is not None:
            self._copy.close()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _add(self, data: bytes) -> None:
        self._size += len(data)
        self._pending.append(data)

    def _full_words(self) -> str:
        limit = f"{self._limit / 1e6:g} MB (DIRIGENT_LOG_MAX_BYTES)"
        return f"The log was cut here: it reached its limit of {limit}."

    def _write(self, data: bytes) -> None:
        try:
            if self._fd is None:
                self._fd = _open(self.file)
            written = os.write(self._fd, data)
            if written < len(data):
                os.write(self._fd, data[written:])
        except OSError as error:
            self.error_count += 1
            self.error_reason = f"{error.strerror} ({self.file})"


def _open(file: Path) -> int:
    _make_private(file.parent)
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing; `mkdir(parents=True)` would open the upper ones to
    all.
    """
    if not folder.is_dir():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
