"""Logs of attempts, wherever they lie: in the home folder of this host, or copied to the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from scheduler.clock import Clock
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import LogLine
from scheduler.logs.reader import PART_LIMIT, LogPart, Piece, assemble, read, size
from scheduler.store import Database, logs

#: How long after the end of an attempt the last lines of its log may arrive.
LATE: Final = timedelta(seconds=3)
#: Pieces fetched in one query.
BATCH: Final = 16
#: Says what a gap in a copy means.
LEFT_OUT: Final = (
    "are not in this copy of the log (DIRIGENT_LOG_COPY_MAX_BYTES); its worker's file may have them."
)


class AttemptLogs:
    """Reads logs by the address of their attempt; `folder` is the log folder of this host."""

    def __init__(self, db: Database, folder: Path, clock: Clock) -> None:
        self._db = db
        self._folder = folder
        self._clock = clock

    def read(self, address: LogAddress, offset: int) -> LogPart:
        """Return what was written from `offset` on, bounded; nothing where there is no log yet."""
        return read(self._folder, address, offset) or self._read_copy(address, offset)

    def is_all_here(self, ended_at: datetime | None) -> bool:
        """Say whether the log of an attempt that ended then is all that will be read: copies come a little later."""
        return ended_at is None or self._clock.now() - ended_at > LATE

    def tail(self, address: LogAddress, count: int) -> tuple[LogLine, ...]:
        """Return the last lines, at most `count`, of those that lie in the last part."""
        offset = max(0, self._size(address) - PART_LIMIT)
        lines = self.read(address, offset).lines
        return (lines[1:] if offset else lines)[-count:]

    def _size(self, address: LogAddress) -> int:
        found = size(self._folder, address)
        if found is None:
            with self._db.read() as session:
                found = logs.log_end(session, address.attempt_id)
        return found or 0

    def _read_copy(self, address: LogAddress, offset: int) -> LogPart:
        return assemble(self._pieces(address.attempt_id, offset), offset, PART_LIMIT, LEFT_OUT)

    def _pieces(self, attempt_id: int, offset: int) -> Iterator[Piece]:
        with self._db.read() as session:
            while pieces := logs.read_chunks(session, attempt_id, offset=offset, limit=BATCH):
                yield from (Piece(*piece) for piece in pieces)
                start, data = pieces[-1]
                if len(pieces) < BATCH or offset >= start + len(data):
                    return
                offset = start + len(data)
