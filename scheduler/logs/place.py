"""A place at an address that fsspec understands: a folder, or the prefix of a bucket.

Loaded only where an address is set: fsspec takes a tenth of a second.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from fsspec.core import url_to_fs

from scheduler.config import without_password
from scheduler.errors import ArchiveUnavailable, BadSetting

#: Kinds that keep nothing, or take nothing.
_USELESS: Final = frozenset({"memory", "http", "https", "data", "reference"})
_LOCAL: Final = frozenset({"file", "local"})
#: Kinds with folders, which must be made; to make one elsewhere could mean a bucket.
_WITH_FOLDERS: Final = _LOCAL | {"sftp", "ssh", "ftp", "smb", "hdfs", "arrow_hdfs", "webhdfs", "webdav"}


class Place:
    """Where files are kept. `setting` is what a person must put right where the address is no good."""

    def __init__(self, url: str, setting: str) -> None:
        """Raises BadSetting for an address that nothing can be kept at."""
        self._url = url
        self._setting = setting
        scheme = url.partition("://")[0]
        if scheme in _USELESS:
            raise self._refused(
                f"nothing can be kept at {scheme}://; use file:///srv/archive or s3://bucket/archive"
            )
        try:
            self.fs: Any
            # A listing that was kept would not show what was shipped since.
            self.fs, self.root = url_to_fs(url, use_listings_cache=False)
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
            # Of a bucket its top: what lies below comes with the first file.
            self.fs.ls(self.root.partition("/")[0] or "/", detail=False)
        except Exception as error:
            raise self.away(error) from error

    def put(self, name: str, data: bytes) -> None:
        """Keep a file under the root, in place of one of that name. Raises ArchiveUnavailable."""
        try:
            self.make(partial(self.fs.pipe_file, value=data), f"{self.root.rstrip('/')}/{name}")
        except Exception as error:
            raise self.away(error) from error

    def make(self, put: Callable[[str], object], target: str) -> None:
        """Call `put` with the path of a file, once its folder is there where there are folders."""
        try:
            put(target)
        except FileNotFoundError:
            if self._url.partition("://")[0] not in _WITH_FOLDERS:
                raise
            self.fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            put(target)

    def away(self, error: Exception) -> ArchiveUnavailable:
        """Say that the place did not do what it was asked."""
        return ArchiveUnavailable(f"{self.name} cannot be reached: {str(error) or type(error).__name__}")

    def _check_folder(self) -> None:
        root = Path(self.root)
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._refused(f"the folder cannot be made: {error.strerror}") from None
        if not os.access(root, os.W_OK | os.X_OK):
            raise self._refused("the folder cannot be written to")

    def _refused(self, remedy: str) -> BadSetting:
        return BadSetting(self._setting, self.name, remedy)
