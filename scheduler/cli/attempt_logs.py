"""Logs of attempts, wherever they lie: in the home folder of this host, or copied to the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scheduler.logs.address import LogAddress
from scheduler.logs.lines import LogLine
from scheduler.logs.reader import PART_LIMIT, LogPart, read, read_chunks
from scheduler.store import Database, logs

#: Pieces fetched in one query.
BATCH: Final = 64


class AttemptLogs:
    """Reads logs by the address of their attempt; `folder` is the log folder of this host."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder

    def read(self, address: LogAddress, offset: int) -> LogPart:
        """Return what was written from `offset` on, bounded; nothing where there is no log yet."""
        return read(self._folder, address, offset) or self._read_copy(address, offset)

    def tail(self, address: LogAddress, count: int) -> tuple[LogLine, ...]:
        """Return the last lines, at most `count`, of those that lie in the last part."""
        try:
            offset = max(0, address.file(self._folder).stat().st_size - PART_LIMIT)
        except FileNotFoundError:
            offset = max(0, self._size_of_copy(address) - PART_LIMIT)
        lines = self.read(address, offset).lines
        return (lines[1:] if offset else lines)[-count:]

    def _read_copy(self, address: LogAddress, offset: int) -> LogPart:
        return read_chunks(self._pieces(address.attempt_id), offset)

    def _size_of_copy(self, address: LogAddress) -> int:
        with self._db.read() as session:
            return logs.log_size(session, address.attempt_id)

    def _pieces(self, attempt_id: int) -> Iterator[bytes]:
        seq = 0
        with self._db.read() as session:
            while pieces := logs.read_chunks(session, attempt_id, from_seq=seq, limit=BATCH):
                yield from (data for _, data in pieces)
                seq = pieces[-1][0] + 1
