"""FSHook: files below the folder, or in the store, that a connection names."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
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

    def open(self, path: str) -> tuple[Any, str]:
        """Return the filesystem of a path or address, and the path in it. A relative one lies below the root."""
        place = path if "://" in path or path.startswith("/") or not self.root else f"{self.root}/{path}"
        options = self._extra if "://" in place else {}
        filesystem, inner = import_module("fsspec.core").url_to_fs(place, **options)
        return filesystem, inner


def _extra_of(conn_id: str | None) -> dict[str, Any]:
    if conn_id is None:
        return {}
    try:
        return dict(BaseHook.get_connection(conn_id).extra_dejson)
    except NotFound:
        if conn_id != DEFAULT:
            raise
        return {}


def files_below(filesystem: Any, pattern: str, *, recursive: bool) -> Iterable[str]:
    """Yield the files that a pattern matches, and those in the folders that it matches, however deep.

    With `recursive` ** stands for any folders between, else for one.
    """
    plain = pattern if recursive else pattern.replace("**", "*")
    found = filesystem.glob(plain) if any(sign in plain for sign in "*?[") else [plain]
    for path in found:
        if filesystem.isfile(path):
            yield path
        elif filesystem.isdir(path):
            yield from filesystem.find(path)
