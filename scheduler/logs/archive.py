"""Logs of ended attempts at an address that fsspec understands: the same files under the same names, in any store.

Loaded only where an address is set: fsspec takes a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from scheduler.logs.address import LogAddress
from scheduler.logs.place import Place
from scheduler.logs.reader import CUT, PART_LIMIT, LogPart, Piece, assemble, joined
from scheduler.logs.segments import in_order, name_at, segments

SETTING: Final = "DIRIGENT_LOG_URL"


class Archive:
    """A folder at an address, or the prefix of a bucket."""

    def __init__(self, url: str) -> None:
        """Raises BadSetting for an address that nothing can be kept at."""
        self._at = Place(url, SETTING)

    @property
    def name(self) -> str:
        """The address without its password, for messages."""
        return self._at.name

    def check(self) -> None:
        """Raise ArchiveUnavailable, with the reason, unless the place answers. It may hold nothing yet."""
        self._at.check()

    def put(self, folder: Path, address: LogAddress) -> None:
        """Copy the log of an attempt from this host's log folder. Raises ArchiveUnavailable.

        A log that is not in the folder, or is gone from it meanwhile, is none to copy.
        """
        target = self._place(address)
        for _, file in segments(address.file(folder)):
            try:
                self._at.make(partial(self._at.fs.put_file, str(file)), str(target.with_name(file.name)))
            except Exception as error:
                if file.exists():
                    raise self._at.away(error) from error

    def put_pieces(self, address: LogAddress, pieces: Iterable[Piece]) -> None:
        """Store what was copied of a log, in order. Raises ArchiveUnavailable."""
        place = self._place(address)
        for start, data in joined(pieces):
            try:
                self._at.make(
                    partial(self._at.fs.pipe_file, value=data),
                    str(place.with_name(name_at(place.name, start))),
                )
            except Exception as error:
                raise self._at.away(error) from error

    def read(self, address: LogAddress, offset: int, limit: int = PART_LIMIT) -> LogPart | None:
        """Return what was written from `offset` on; None where there is no such log. Raises ArchiveUnavailable."""
        try:
            files = self._segments(address)
            return assemble(self._pieces(files, offset, limit), offset, limit, CUT) if files else None
        except Exception as error:
            raise self._at.away(error) from error

    def size(self, address: LogAddress) -> int | None:
        """Return the position at which the log ends; None where there is no such log. Raises ArchiveUnavailable."""
        try:
            files = self._segments(address)
            return files[-1][0] + int(self._at.fs.size(files[-1][1])) if files else None
        except Exception as error:
            raise self._at.away(error) from error

    def _place(self, address: LogAddress) -> PurePosixPath:
        return PurePosixPath(address.file(Path(self._at.root)))

    def _segments(self, address: LogAddress) -> list[tuple[int, str]]:
        place = self._place(address)
        try:
            names = [found.rpartition("/")[2] for found in self._at.fs.ls(str(place.parent), detail=False)]
        except FileNotFoundError:
            return []
        return [(start, str(place.with_name(name))) for start, name in in_order(place.name, names)]

    def _pieces(self, files: list[tuple[int, str]], offset: int, limit: int) -> Iterator[Piece]:
        for (start, file), following in zip(files, [*files[1:], None], strict=True):
            if following is None or following[0] > offset:
                at = max(start, offset)
                length = int(self._at.fs.size(file)) - (at - start)
                if length > 0:
                    data = self._at.fs.cat_file(file, start=at - start, end=at - start + min(length, limit))
                    yield Piece(at, data)
