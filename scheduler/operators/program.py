"""A program that a task runs: its output in the log, and nothing of it left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from logging import Logger
from threading import Thread
from typing import IO, Final

#: A longer line is logged in pieces.
_LINE_BYTES: Final = 64 * 1024
#: How long a program may take to end after SIGTERM, and its output to follow its end.
_GRACE_S: Final = 5.0
_DRAIN_S: Final = 1.0


class Program:
    """Runs one program at a time, in a process group of its own; each line of its output goes to the log."""

    def __init__(self, log: Logger, encoding: str = "utf-8") -> None:
        self._log = log
        self._encoding = encoding
        self._process: subprocess.Popen[bytes] | None = None

    def run(
        self, words: Sequence[str], *, folder: str | None = None, environ: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run it to its end; return its exit code, negative for a signal, and the last line of its output."""
        process = self._process = subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environ,
            process_group=0,
        )
        assert process.stdout
        last: deque[str] = deque(maxlen=1)
        reader = Thread(target=self._log_lines, args=(process.stdout, last), daemon=True)
        reader.start()
        try:
            exit_code = process.wait()
            # A process that the program left in the background may hold the output open for ever.
            reader.join(_DRAIN_S)
        finally:
            self.kill()
        return exit_code, last[0] if last else ""

    def kill(self) -> None:
        """End the program and all that it started in its group."""
        if self._process is None or self._process.returncode is not None:
            return
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _log_lines(self, output: IO[bytes], last: deque[str]) -> None:
        while line := output.readline(_LINE_BYTES):
            text = line.decode(self._encoding, errors="backslashreplace").rstrip("\r\n")
            self._log.info("%s", text)
            last.append(text)
        output.close()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def exit_words(exit_code: int) -> str:
    """Say how a program ended."""
    return f"was killed by {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exited with {exit_code}"
