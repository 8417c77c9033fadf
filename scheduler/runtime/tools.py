"""Listening to a program until it ends, whatever it leaves behind and however much it says."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

#: Bytes of a line; what goes on after them is the next one.
_LONGEST: Final = 65_536
#: What a pipe can hold, and more.
_PIPEFUL: Final = 1_048_576
_LOOK_MS: Final = 200
_BREAK: Final = re.compile(rb"\r?\n|\r")


def lines_of(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """Yield what a program says, and end what it leaves running in its session. Call `wait` afterwards.

    What hides in another session may keep the pipe open for ever, and write to it: it is no longer listened to.
    """
    rest = b""
    for piece in _pieces_of(process):
        *lines, rest = _BREAK.split(rest + piece)
        if len(rest) > _LONGEST:
            lines, rest = [*lines, rest], b""
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        yield rest.decode(errors="replace")
    _await_end(process)
    kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a program that leads a session, and what it started there; nothing where it was waited for."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _pieces_of(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    assert process.stdout is not None
    fd = process.stdout.fileno()
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while not (has_ended := _has_ended(process)) or poll.poll(0):
        if not poll.poll(_LOOK_MS):
            continue
        piece = os.read(fd, _PIPEFUL if has_ended else _LONGEST)
        yield piece
        if has_ended or not piece:
            return


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _await_end(process: subprocess.Popen[bytes]) -> None:
    """Wait without taking its end note: until that is taken, no other process group gets its number."""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
