"""Where runs of the samples keep their files: one folder a run, in the cache of the user."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

_KEPT = 10


def run_folder(dag_id: str, run_id: str) -> Path:
    """Return the folder of a run, made if need be; of older runs only the last few are kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "dirigent-samples" / dag_id / re.sub(r"[^\w.-]", "_", run_id)
    folder.mkdir(parents=True, exist_ok=True)
    _forget_old(folder.parent)
    return folder


def _forget_old(folder: Path) -> None:
    newest_first = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in newest_first[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
