"""Dirigent's commands as processes of their own, and a look at what they leave behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

import scheduler
from tests.integration.waiting import eventually
from tests.runtime.processes import command_of

#: What stands for the installed `dirigent`: the same function, from the tree under test.
DIRIGENT = (sys.executable, "-c", "from scheduler.cli import main; main()")
TREE = Path(scheduler.__file__).parents[1]
_STOP_S = 30.0


class Process:
    """One server. Its output goes to a file, which messages of failing tests show."""

    def __init__(
        self, command: Sequence[str | Path], folder: Path, environ: Mapping[str, str], output: Path
    ) -> None:
        self._output = output
        self._was_asked = False
        with output.open("wb") as stream:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                cwd=folder,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything it has printed."""
        return self._output.read_text()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_for(self, words: str) -> Process:
        """Wait until it has printed these words; fail where it ends before."""

        def look() -> bool:
            if words in self.output:
                return True
            assert self.is_running, f"it ended with {self._process.returncode}:\n{self.output}"
            return False

        eventually(look, told=lambda: self.output)
        return self

    @property
    def address(self) -> str:
        """The address of its page, as it printed it."""
        found = re.search(r"Sign in: (http://[^/\s]+)/", self.output)
        assert found is not None, self.output
        return found[1]

    def ask_to_stop(self, signum: signal.Signals = signal.SIGINT) -> None:
        """Send the signal of Ctrl-C, unless it was asked or has ended: a second one would end it at once."""
        if self.is_running and not self._was_asked:
            self._was_asked = True
            self._process.send_signal(signum)

    def stop(self, signum: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop; return its exit code."""
        self.ask_to_stop(signum)
        return self._process.wait(_STOP_S)

    def send(self, signum: signal.Signals) -> None:
        """Send a signal to this process alone, not to its children."""
        if self.is_running:
            self._process.send_signal(signum)

    def kill(self) -> None:
        """End it so that it can clean up nothing."""
        self._process.kill()
        self._process.wait(_STOP_S)


def marked(mark: str) -> list[psutil.Process]:
    """Return the processes with this entry in their environment: children of children too, whatever they are called."""
    return [process for process in psutil.process_iter() if mark in _environment(process.pid)]


def _environment(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def described(processes: Sequence[psutil.Process]) -> str:
    """Return one line a process."""
    lines = []
    for process in processes:
        try:
            lines.append(f"{process.pid} of {process.ppid()}: {command_of(process)[:200]}")
        except psutil.NoSuchProcess:
            lines.append(f"{process.pid}: gone")
    return "\n".join(lines)


def clean_environment() -> dict[str, str]:
    """Return an environment without settings of Dirigent's, in which the tree under test is imported."""
    # Without compiled files each process would compile everything anew.
    ours = ("DIRIGENT_", "PYTEST_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
        "PYTHONPATH": str(TREE)
    }
