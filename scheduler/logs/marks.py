"""Small files that say which logs are yet to be shipped: they outlive the process that made them.

Each process has a folder for its own, and holds a lock in it as long as it lives, so that another one on the same log
folder takes over what a dead one left, and nothing else.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from secrets import token_hex
from typing import Final

from scheduler.errors import BadId
from scheduler.logs.address import LogAddress

#: No DAG has a name like this.
FOLDER: Final = ".unshipped"
_LOCK: Final = "lock"


class Marks:
    """The marks of one process. A full disk costs marks, not attempts: what cannot be marked is passed over."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._own = logs / FOLDER / token_hex(8)
        self._lock: int | None = None

    def open(self) -> list[LogAddress]:
        """Begin; return what processes that are dead had marked, which is ours now."""
        with suppress(OSError):
            self._own.mkdir(mode=0o700, parents=True)
            self._lock = _locked(self._own)
        left = [folder for folder in self._own.parent.glob("*") if folder != self._own]
        return [address for folder in left for address in self._taken_over(folder)]

    def close(self) -> None:
        """End; what is still marked is for the next process."""
        if self._lock is not None:
            _remove(self._own)
            os.close(self._lock)
            self._lock = None

    def add(self, address: LogAddress) -> None:
        """Mark a log."""
        with suppress(OSError):
            self._mark(address.attempt_id).write_text(json.dumps(asdict(address)))

    def discard(self, attempt_id: int) -> None:
        """Take a mark away."""
        with suppress(OSError):
            self._mark(attempt_id).unlink()

    def _mark(self, attempt_id: int) -> Path:
        return self._own / str(attempt_id)

    def _taken_over(self, folder: Path) -> Iterator[LogAddress]:
        try:
            lock = _locked(folder)
        except OSError:
            return  # it lives
        for mark in sorted(folder.glob("[0-9]*")):
            with suppress(OSError, ValueError, TypeError, BadId):
                address = LogAddress(**json.loads(mark.read_text()))
                address.file(self._logs)
                mark.rename(self._mark(address.attempt_id))
                yield address
        _remove(folder)
        os.close(lock)


def _locked(folder: Path) -> int:
    """Return the descriptor of the lock of a folder. Raises OSError where another process holds it."""
    fd = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


def _remove(folder: Path) -> None:
    """Remove a folder of marks that has none left; its lock is ours."""
    with suppress(OSError):
        if all(path.name == _LOCK for path in folder.iterdir()):
            (folder / _LOCK).unlink()
            folder.rmdir()
