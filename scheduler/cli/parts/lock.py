"""One server a home folder: a file that the system unlocks when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Final

from scheduler.errors import AlreadyRunning

FILE_NAME: Final = "server.lock"


class ServerLock:
    """Held from construction until `close` or the death of the process."""

    def __init__(self, home: Path, address: str) -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = os.open(home / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(self._fd)
            os.close(self._fd)
            raise AlreadyRunning(
                f"A server of {home} runs already (pid {holder['pid']}, {holder['address']}); "
                "stop it, or give this one a DIRIGENT_HOME of its own."
            ) from None
        self.set_address(address)

    def set_address(self, address: str) -> None:
        """Say where the page is, for those who come later."""
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, json.dumps({"pid": os.getpid(), "address": address}).encode(), 0)

    def close(self) -> None:
        """Let another server start."""
        os.ftruncate(self._fd, 0)
        os.close(self._fd)


def address_of_server(home: Path) -> str | None:
    """Return the address of the page that runs on this home folder; None where none runs."""
    try:
        fd = os.open(home / FILE_NAME, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return str(_holder(fd)["address"])
    finally:
        os.close(fd)
    return None


def _holder(fd: int) -> dict[str, object]:
    """Read who holds the lock; it may be between taking it and writing its name."""
    try:
        found: dict[str, object] = json.loads(os.pread(fd, 4096, 0))
    except ValueError:
        return {"pid": "unknown", "address": "address unknown"}
    return found
