"""Writes the log of one attempt: masked, bounded, and on disk within one turn of the loop that feeds it.

A log that cannot be written (a full disk, missing rights) never stops its task: the error is counted and
kept, and writing is tried again with the next line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from scheduler.clock import Clock
from scheduler.logs.lines import DIRIGENT, encode_line
from scheduler.logs.mask import Masker
from scheduler.logs.segments import SegmentWriter
from scheduler.metrics.instruments import LOG_BYTES


class Copy(Protocol):
    """Gets everything that is written, for readers elsewhere: see `logs.copier`."""

    def write(self, position: int, data: bytes) -> None:
        """Add whole lines, which begin at this position."""

    def close(self) -> None:
        """Expect no more."""


DEFAULT_LIMIT: Final = 64_000_000
#: Characters of one line.
LINE_LIMIT: Final = 32_000


class LogSink:
    """The log of one attempt. Not thread-safe: whoever runs the attempt owns it.

    `limit` bounds the bytes of its files: of a longer log, beginning and end are kept. `copy` gets everything that
    is written; `flush` decides when. `start` is the position of the first byte: see `logs.segments`.
    """

    def __init__(
        self,
        file: Path,
        clock: Clock,
        *,
        start: int = 0,
        limit: int = DEFAULT_LIMIT,
        masker: Masker | None = None,
        copy: Copy | None = None,
    ) -> None:
        self.masker = masker or Masker()
        self.file = file
        self.error_count = 0
        self.error_reason = ""
        self._clock = clock
        self._copy = copy
        self._position = start
        self._pending: list[bytes] = []
        self._files = SegmentWriter(file, limit)

    @property
    def has_head(self) -> bool:
        """Whether its beginning is complete: of what follows, only the end is kept."""
        return self._files.has_head

    def line(self, level: str, source: str, text: str, *, logger: str = "", is_cut: bool = False) -> None:
        """Add a line. `is_cut`: the text is the start of a longer one."""
        masked = self.masker.mask_start(text) if is_cut else self.masker.mask(text)
        if is_cut or len(masked) > LINE_LIMIT:
            masked = f"{masked[:LINE_LIMIT]} … [line cut]"
        name = self.masker.mask(logger) if logger else ""
        self._pending.append(encode_line(self._clock.now(), level, source, masked, logger=name))

    def flush(self) -> None:
        """Write what was added since the last time, in one go."""
        if not self._pending:
            return
        data = b"".join(self._pending)
        self._pending.clear()
        try:
            self._files.write(self._position, data)
            LOG_BYTES.inc(len(data))
        except OSError as error:
            self.error_count += 1
            self.error_reason = f"{error.strerror} ({self.file})"
        if self._copy is not None:
            self._copy.write(self._position, data)
        self._position += len(data)

    def close(self, level: str = "info", text: str = "This log is complete.") -> None:
        """Add the last line, by which a reader knows that no more will come, and close the file."""
        last = self.masker.mask(text)[:LINE_LIMIT]
        self._pending.append(encode_line(self._clock.now(), level, DIRIGENT, last, is_last=True))
        self.flush()
        self._files.close()
        if self._copy is not None:
            self._copy.close()
