"""Looking at processes from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

_TICK = threading.Event()


def is_alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_zombie(process: psutil.Process) -> bool:
    """Say whether a process has ended, and its parent has not looked."""
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return False


def command_of(process: psutil.Process) -> str:
    """Return the command line of a process, or what it calls itself; nothing of one that is gone, or a zombie."""
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for what another process does; fail when it does not come."""
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        _TICK.wait(0.01)
    raise AssertionError("it did not come to pass")


def open_fds() -> set[str]:
    """Return what this process has open: files, pipes and sockets, each by a name of its own."""
    opened = set()
    for fd in list(Path("/proc/self/fd").iterdir()):
        with suppress(FileNotFoundError):  # the descriptor through which the list was read
            opened.add(str(fd.readlink()))
    return opened
