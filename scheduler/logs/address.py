"""Where the log of an attempt lies: a path made of ids, kept inside the log folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scheduler.core.ids import check_id, check_run_id
from scheduler.errors import BadId

#: Stands for the task in the path of a callback of the whole DAG; no task may have this id.
DAG_LEVEL: Final = "@dag"

_PATH: Final = re.compile(r"[0-9]+(\.[0-9]+)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAddress:
    """Names the log of one attempt."""

    dag_id: str
    run_id: str
    attempt_id: int
    task_id: str = ""  #: empty for a callback of the DAG
    path: str = ""

    def file(self, folder: Path) -> Path:
        """Return the file below the log folder; raises BadId for ids that could lead elsewhere."""
        task = check_id("task_id", self.task_id) if self.task_id else DAG_LEVEL
        path = [_checked_path(self.path)] if self.path else []
        parts = [check_id("dag_id", self.dag_id), check_run_id(self.run_id), task, *path]
        return _inside(folder, folder.joinpath(*parts, f"{self.attempt_id}.log"))


def _checked_path(path: str) -> str:
    if _PATH.fullmatch(path) is None:
        raise BadId("path", path)
    return path


def _inside(folder: Path, file: Path) -> Path:
    """Return the file; a symbolic link on the way from the folder to it is refused."""
    place = str(file)
    while len(place) > len(str(folder)):
        if os.path.islink(place):  # noqa: PTH114 - runs for every attempt; paths as objects cost ten times as much
            raise BadId("log path", str(file))
        place = os.path.dirname(place)  # noqa: PTH120 - likewise
    return file
