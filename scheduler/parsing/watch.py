"""Telling at once that something in the DAG folder changed. What it misses, the next regular look finds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Final

from watchfiles import Change, watch

from scheduler.parsing.ignore import IGNORE_FILES, is_hidden

log = logging.getLogger(__name__)

#: Changes that follow each other within this many milliseconds are told as one, up to the longer time in all. It looks
#: as often whether there are any, which is most of what an idle watch costs.
_QUIET_MS: Final = 100
_LONGEST_MS: Final = 400
#: How often it asks whether it is to end, and whether the folder is still the one that it watches.
_BREATH_MS: Final = 1000
_RETRY_S: Final = 2.0


class Watcher:
    """A thread that calls `on_change` after changes. A folder that is missing or replaced is waited for."""

    def __init__(self, root: Path, on_change: Callable[[], None]) -> None:
        self._root = root
        self._on_change = on_change
        self._is_over = Event()
        self._told = ""
        self._thread = Thread(target=self._run, name="dag-folder-watch", daemon=True)

    def start(self) -> None:
        """Start to watch."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.is_set():
            try:
                self._watch(_identity(self._root))
            except (OSError, RuntimeError) as error:  # RuntimeError: the system has no watches left
                self._tell(str(error))
                self._is_over.wait(_RETRY_S)
            self._on_change()

    def _tell(self, trouble: str) -> None:
        if trouble != self._told:
            log.warning("The DAG folder is looked at regularly but cannot be watched: %s", trouble)
            self._told = trouble

    def _watch(self, identity: tuple[int, int]) -> None:
        has_begun = False
        for changes in watch(
            self._root,
            watch_filter=_concerns_us(self._root),
            debounce=_LONGEST_MS,
            step=_QUIET_MS,
            stop_event=self._is_over,
            rust_timeout=_BREATH_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            # What changed before the watch had begun was told by nobody: the first answer says that it has.
            if changes or not has_begun:
                self._on_change()
            elif _identity(self._root) != identity:
                return
            has_begun = True


def _identity(root: Path) -> tuple[int, int]:
    found = root.stat()
    return (found.st_dev, found.st_ino)


def _concerns_us(root: Path) -> Callable[[Change, str], bool]:
    def concerns_us(_change: Change, path: str) -> bool:
        parts = Path(path).relative_to(root).parts if Path(path).is_relative_to(root) else ()
        return not any(is_hidden(part) and part not in IGNORE_FILES for part in parts)

    return concerns_us
