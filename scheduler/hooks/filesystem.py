"""FSHook: files below the folder, or in the store, that a connection names."""

from __future__ import annotations

from collections.abc import Iterator
from glob import glob
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from scheduler.errors import NotFound
from scheduler.hooks.hook import BaseHook

#: The connection that need not exist: without it, paths are taken as they are.
DEFAULT: Final = "fs_default"


class FSHook(BaseHook):
    """Files of a connection whose extra names a `path` (a folder, or an address that fsspec knows, such as s3://bucket).

    Other fields of the extra are handed to the filesystem of an address (`key`, `endpoint_url`, ...).
    """

    def __init__(self, fs_conn_id: str | None = DEFAULT) -> None:
        self._extra = _extra_of(fs_conn_id)
        self.root = str(self._extra.pop("path", ""))

    def get_path(self) -> str:
        """Return the folder or address; empty where there is none."""
        return self.root

    def get_conn(self) -> Any:
        """Return the filesystem, as fsspec gives it."""
        return self.open(self.root)[0]

    def test_connection(self) -> tuple[bool, str]:
        """Look whether the folder or address is there."""
        filesystem, inner = self.open(self.root)
        is_there = filesystem.exists(inner)
        return is_there, f"{self.root or inner} is {'there' if is_there else 'not there'}."

    def place(self, path: str) -> str:
        """Return a path, or an address, as a whole: a relative one lies below the root."""
        place = path if "://" in path or path.startswith("/") or not self.root else f"{self.root}/{path}"
        return place if "://" in place else str(Path(place).absolute())

    def open(self, path: str) -> tuple[Any, str]:
        """Return the filesystem of a path or address, and the path in it."""
        place = self.place(path)
        options = self._extra if "://" in place else {}
        filesystem, inner = import_module("fsspec.core").url_to_fs(place, **options)
        return filesystem, inner

    def has_file(self, path: str, *, recursive: bool = False) -> bool:
        """Tell whether there is a file of this path or pattern, or one in a folder of it, however deep.

        With `recursive` ** in a pattern stands for any folders between, else for one.
        """
        place = self.place(path)
        if "://" not in place:
            # fsspec takes longer to load than to look.
            found = map(Path, glob(place, recursive=recursive))  # noqa: PTH207 - absolute patterns
            return any(each.is_file() or any(map(Path.is_file, each.rglob("*"))) for each in found)
        filesystem, inner = self.open(path)
        filesystem.invalidate_cache()
        return any(True for _ in _files_of(filesystem, inner if recursive else inner.replace("**", "*")))


def _extra_of(conn_id: str | None) -> dict[str, Any]:
    if conn_id is None:
        return {}
    try:
        return dict(BaseHook.get_connection(conn_id).extra_dejson)
    except NotFound:
        if conn_id != DEFAULT:
            raise
        return {}


def _files_of(filesystem: Any, pattern: str) -> Iterator[str]:
    """Yield the files that a pattern matches, and those in the folders that it matches, however deep."""
    found = filesystem.glob(pattern) if any(sign in pattern for sign in "*?[") else [pattern]
    for path in found:
        if filesystem.isfile(path):
            yield path
        elif filesystem.isdir(path):
            yield from filesystem.find(path)
