"""Deletes old logs from the folder of this host, now and then, on a thread of its own."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Final

from scheduler.clock import Clock

_log: Final = logging.getLogger(__name__)

_NAME: Final = re.compile(r"([0-9]+)\.log(\.[0-9]+)?", re.ASCII)
#: Between two looks: a folder may hold a million files.
REST: Final = timedelta(hours=6)


def prune(folder: Path, before: datetime, live: Collection[int]) -> int:
    """Delete logs that were last written before an instant, but of live attempts, and folders that they leave empty.

    Return how many files went.
    """
    count, limit = 0, before.timestamp()
    # Folders that something was taken out of, which makes them look new.
    touched: set[str] = set()
    for place, _, names in os.walk(folder, topdown=False):
        is_old = place in touched or _changed_at(place) < limit
        gone = sum(_delete(f"{place}/{name}") for name in names if _is_over(f"{place}/{name}", limit, live))
        count += gone
        if (gone or is_old) and place != str(folder) and _remove(place):
            touched.add(os.path.dirname(place))  # noqa: PTH120 - a million folders, and names are all it takes
    return count


def _is_over(path: str, limit: float, live: Collection[int]) -> bool:
    found = _NAME.fullmatch(path.rpartition("/")[2])
    return found is not None and int(found[1]) not in live and _changed_at(path) < limit


def _remove(place: str) -> bool:
    """Remove a folder; one that is in use again, or not empty, stays."""
    try:
        Path(place).rmdir()
    except OSError:
        return False
    return True


def _changed_at(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return float("inf")


def _delete(path: str) -> int:
    try:
        Path(path).unlink()
    except OSError:
        return 0
    return 1


class LogPruner:
    """Prunes the folder at the start and every few hours."""

    def __init__(
        self, folder: Path, clock: Clock, keep: timedelta, live: Callable[[], Collection[int]]
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._keep = keep
        self._live = live
        self._closing = Event()
        self._thread = Thread(target=self._run, name="log-pruner", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a look that is under way ends with the process."""
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                count = prune(self._folder, self._clock.now() - self._keep, self._live())
            except OSError as error:
                _log.warning("Old logs could not be deleted: %s", error)
            else:
                _log.log(logging.INFO if count else logging.DEBUG, "%s old logs were deleted.", count)
            self._closing.wait(REST.total_seconds())
