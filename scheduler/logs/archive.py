"""Logs of ended attempts at an address that fsspec understands: the same files under the same names, in any store.

Loaded only where an address is set: fsspec takes a tenth of a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final

from fsspec.core import url_to_fs

from scheduler.config import without_password
from scheduler.errors import ArchiveUnavailable, BadSetting
from scheduler.logs.address import LogAddress
from scheduler.logs.reader import CUT, PART_LIMIT, LogPart, Piece, assemble, joined
from scheduler.logs.segments import in_order, name_at, segments

SETTING: Final = "DIRIGENT_LOG_URL"
#: Kinds that keep nothing, or take nothing.
_USELESS: Final = frozenset({"memory", "http", "https", "data", "reference"})
_LOCAL: Final = frozenset({"file", "local"})
#: Kinds with folders, which must be made; to make one elsewhere could mean a bucket.
_WITH_FOLDERS: Final = _LOCAL | {"sftp", "ssh", "ftp", "smb", "hdfs", "arrow_hdfs", "webhdfs", "webdav"}


class Archive:
    """A folder at an address, or the prefix of a bucket."""

    def __init__(self, url: str) -> None:
        """Raises BadSetting for an address that nothing can be kept at."""
        self._url = url
        scheme = url.partition("://")[0]
        if scheme in _USELESS:
            raise self._refused(
                f"nothing can be kept at {scheme}://; use file:///srv/logs or s3://bucket/logs"
            )
        try:
            self._fs: Any
            # A listing that was kept would not show what was shipped since.
            self._fs, self._root = url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise self._refused(f"{error}; for s3://: pip install 'dirigent[s3]'") from None
        except Exception as error:  # noqa: BLE001 - each kind of store has errors of its own
            raise self._refused(str(error)) from None
        if scheme in _LOCAL:
            self._check_folder()

    @property
    def name(self) -> str:
        """The address without its password, for messages."""
        return without_password(self._url)

    def check(self) -> None:
        """Raise ArchiveUnavailable, with the reason, unless the place answers. It may hold nothing yet."""
        try:
            # Of a bucket its top: what lies below comes with the first log.
            self._fs.ls(self._root.partition("/")[0] or "/", detail=False)
        except Exception as error:
            raise self._away(error) from error

    def put(self, folder: Path, address: LogAddress) -> None:
        """Copy the log of an attempt from this host's log folder. Raises ArchiveUnavailable.

        A log that is not in the folder, or is gone from it meanwhile, is none to copy.
        """
        target = self._place(address)
        for _, file in segments(address.file(folder)):
            try:
                self._make(partial(self._fs.put_file, str(file)), str(target.with_name(file.name)))
            except Exception as error:
                if file.exists():
                    raise self._away(error) from error

    def put_pieces(self, address: LogAddress, pieces: Iterable[Piece]) -> None:
        """Store what was copied of a log, in order. Raises ArchiveUnavailable."""
        place = self._place(address)
        for start, data in joined(pieces):
            try:
                self._make(
                    partial(self._fs.pipe_file, value=data), str(place.with_name(name_at(place.name, start)))
                )
            except Exception as error:
                raise self._away(error) from error

    def read(self, address: LogAddress, offset: int, limit: int = PART_LIMIT) -> LogPart | None:
        """Return what was written from `offset` on; None where there is no such log. Raises ArchiveUnavailable."""
        try:
            files = self._segments(address)
            return assemble(self._pieces(files, offset, limit), offset, limit, CUT) if files else None
        except Exception as error:
            raise self._away(error) from error

    def size(self, address: LogAddress) -> int | None:
        """Return the position at which the log ends; None where there is no such log. Raises ArchiveUnavailable."""
        try:
            files = self._segments(address)
            return files[-1][0] + int(self._fs.size(files[-1][1])) if files else None
        except Exception as error:
            raise self._away(error) from error

    def _place(self, address: LogAddress) -> PurePosixPath:
        return PurePosixPath(address.file(Path(self._root)))

    def _make(self, put: Callable[[str], object], target: str) -> None:
        try:
            put(target)
        except FileNotFoundError:
            if self._url.partition("://")[0] not in _WITH_FOLDERS:
                raise
            self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            put(target)

    def _segments(self, address: LogAddress) -> list[tuple[int, str]]:
        place = self._place(address)
        try:
            names = [found.rpartition("/")[2] for found in self._fs.ls(str(place.parent), detail=False)]
        except FileNotFoundError:
            return []
        return [(start, str(place.with_name(name))) for start, name in in_order(place.name, names)]

    def _pieces(self, files: list[tuple[int, str]], offset: int, limit: int) -> Iterator[Piece]:
        for (start, file), following in zip(files, [*files[1:], None], strict=True):
            if following is None or following[0] > offset:
                at = max(start, offset)
                length = int(self._fs.size(file)) - (at - start)
                if length > 0:
                    data = self._fs.cat_file(file, start=at - start, end=at - start + min(length, limit))
                    yield Piece(at, data)

    def _check_folder(self) -> None:
        root = Path(self._root)
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._refused(f"the folder cannot be made: {error.strerror}") from None
        if not os.access(root, os.W_OK | os.X_OK):
            raise self._refused("the folder cannot be written to")

    def _refused(self, remedy: str) -> BadSetting:
        return BadSetting(SETTING, self.name, remedy)

    def _away(self, error: Exception) -> ArchiveUnavailable:
        return ArchiveUnavailable(f"{self.name} cannot be reached: {str(error) or type(error).__name__}")
