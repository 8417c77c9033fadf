"""Operators that copy, move and delete files, here and in any store that fsspec knows."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

from scheduler.errors import Conflict, NotFound
from scheduler.hooks.filesystem import FSHook
from scheduler.sdk.arguments import check_given, read_flag
from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator


class FileTransferOperator(BaseOperator):
    """Copies a file from `src` to `dst`, or moves it; both are paths, or addresses such as s3://shop/in.csv.

    A pattern (in/*.csv) or a folder copies all files of it into the folder `dst`. A file that is there already fails
    the task unless `overwrite` is true. No half a file is ever seen under its name. Its result: where they are now.
    """

    template_fields: Sequence[str] = ("src", "dst")

    def __init__(
        self,
        task_id: str,
        *,
        src: str,
        dst: str,
        source_conn_id: str | None = None,
        dest_conn_id: str | None = None,
        overwrite: bool = False,
        move: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        for name, value in (("src", src), ("dst", dst)):
            check_given(name, value, "give a path or an address")
        self.src = src
        self.dst = dst
        self.source_conn_id = source_conn_id
        self.dest_conn_id = dest_conn_id
        self.overwrite = read_flag("overwrite", overwrite)
        self.move = read_flag("move", move)

    def execute(self, context: Context) -> str | list[str]:
        """Copy, and delete what was copied where it is to be moved."""
        source, path = FSHook(self.source_conn_id).open(str(self.src))
        target, place = FSHook(self.dest_conn_id).open(str(self.dst))
        if source.isfile(path):
            is_folder = str(self.dst).endswith("/") or target.isdir(place)
            return self._transfer(source, path, target, f"{place}/{_name(path)}" if is_folder else place)
        found = [
            each for each in source.glob(f"{path}/*" if source.isdir(path) else path) if source.isfile(each)
        ]
        if not found:
            raise NotFound("file", str(self.src))
        return [self._transfer(source, each, target, f"{place}/{_name(each)}") for each in sorted(found)]

    def _transfer(self, source: Any, path: str, target: Any, place: str) -> str:
        if not self.overwrite and target.exists(place):
            raise Conflict(f"{place} is there already; give overwrite=True to replace it.")
        target.makedirs(target._parent(place), exist_ok=True)
        with source.open(path, "rb") as reader, target.transaction, target.open(place, "wb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
        if self.move:
            source.rm(path)
        self.log.info("%s %s to %s.", "Moved" if self.move else "Copied", path, place)
        return place


class FileDeleteOperator(BaseOperator):
    """Deletes the files of a path, a pattern or an address; with `recursive` folders, too.

    What is not there fails the task unless `missing_ok` is true. Its result: how many there were.
    """

    template_fields: Sequence[str] = ("path",)

    def __init__(
        self,
        task_id: str,
        *,
        path: str,
        fs_conn_id: str | None = None,
        recursive: bool = False,
        missing_ok: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        check_given("path", path, "give a path, a pattern or an address")
        self.path = path
        self.fs_conn_id = fs_conn_id
        self.recursive = read_flag("recursive", recursive)
        self.missing_ok = read_flag("missing_ok", missing_ok)

    def execute(self, context: Context) -> int:
        """Delete them."""
        filesystem, pattern = FSHook(self.fs_conn_id).open(str(self.path))
        found = filesystem.glob(pattern)
        files = [each for each in found if self.recursive or filesystem.isfile(each)]
        if not files and not self.missing_ok:
            raise NotFound(
                "file", str(self.path), hint="Folders are deleted with recursive=True." if found else ""
            )
        for each in files:
            filesystem.rm(each, recursive=self.recursive)
            self.log.info("Deleted %s.", each)
        return len(files)


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
