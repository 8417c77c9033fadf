"""Files that do not load, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scheduler.store.dag_files import FileRecord

_NAMED: Final = 5


def count_of_broken(records: Sequence[FileRecord]) -> str:
    """Return how many files do not load, and the names of some: "2 files do not load: a.py, b.py."."""
    names = ", ".join("the DAG folder" if each.path == "." else each.path for each in records[:_NAMED])
    more = f" and {len(records) - _NAMED} more" if len(records) > _NAMED else ""
    count = "1 file does" if len(records) == 1 else f"{len(records)} files do"
    return f"{count} not load: {names}{more}."
