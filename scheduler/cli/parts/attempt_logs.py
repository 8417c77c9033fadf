"""Logs of attempts, wherever they lie: in the home folder of this host, copied to the database, in the archive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scheduler.clock import Clock
from scheduler.errors import ArchiveUnavailable
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import DIRIGENT, LogLine, encode_line
from scheduler.logs.reader import PART_LIMIT, LogPart, Piece, assemble, read
from scheduler.logs.reader import size as log_size
from scheduler.store import Database, logs

#: How long after the end of an attempt the last lines of its log may arrive.
LATE: Final = timedelta(seconds=3)
if TYPE_CHECKING:
    from scheduler.logs.archive import Archive

#: Pieces fetched in one query.
BATCH: Final = 16
#: Says what a gap in a copy means.
LEFT_OUT: Final = (
    "are not in this copy of the log (DIRIGENT_LOG_COPY_MAX_BYTES); its worker's file may have them."
)


class AttemptLogs:
    """Reads logs by the address of their attempt; `folder` is the log folder of this host."""

    def __init__(self, db: Database, folder: Path, clock: Clock, archive: Archive | None = None) -> None:
        self._db = db
        self._folder = folder
        self._clock = clock
        self._archive = archive

    def read(self, address: LogAddress, offset: int, limit: int = PART_LIMIT) -> LogPart:
        """Return what was written from `offset` on, about `limit` bytes; nothing where there is no log yet."""
        found = read(self._folder, address, offset, limit)
        if found is None and (self._archive is None or self._is_copied(address)):
            found = assemble(self._pieces(address.attempt_id, offset), offset, limit, LEFT_OUT)
        return found or self._read_archive(address, offset, limit)

    def is_all_here(self, ended_at: datetime | None) -> bool:
        """Say whether the log of an attempt that ended then is all that will be read: copies come a little later."""
        return ended_at is None or self._clock.now() - ended_at > LATE

    def size(self, address: LogAddress) -> int:
        """Return the position at which the log ends for now; 0 where there is none yet."""
        found = log_size(self._folder, address)
        if found is None:
            found = self._end_of_copy(address)
        if found is None and self._archive is not None:
            with suppress(ArchiveUnavailable):
                found = self._archive.size(address)
        return found or 0

    def tail(self, address: LogAddress, count: int) -> tuple[LogLine, ...]:
        """Return the last lines, at most `count`, of those that lie in the last part."""
        offset = max(0, self.size(address) - PART_LIMIT)
        lines = self.read(address, offset).lines
        return (lines[1:] if offset else lines)[-count:]

    def _is_copied(self, address: LogAddress) -> bool:
        return self._end_of_copy(address) is not None

    def _end_of_copy(self, address: LogAddress) -> int | None:
        with self._db.read() as session:
            return logs.log_end(session, address.attempt_id)

    def _read_archive(self, address: LogAddress, offset: int, limit: int) -> LogPart:
        if self._archive is None:
            return LogPart(b"", offset, done=False)
        try:
            return self._archive.read(address, offset, limit) or LogPart(b"", offset, done=False)
        except ArchiveUnavailable as error:
            return LogPart(encode_line(None, "error", DIRIGENT, str(error)), offset, done=True)

    def _pieces(self, attempt_id: int, offset: int) -> Iterator[Piece]:
        with self._db.read() as session:
            while pieces := logs.read_chunks(session, attempt_id, offset=offset, limit=BATCH):
                yield from (Piece(*piece) for piece in pieces)
                start, data = pieces[-1]
                if len(pieces) < BATCH or offset >= start + len(data):
                    return
                offset = start + len(data)
