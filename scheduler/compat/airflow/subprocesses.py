"""SubprocessHook and execute_in_subprocess: programs that tasks of Airflow's run themselves."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from scheduler.compat.airflow.hooks import BaseHook
from scheduler.operators.program import Program

_log: Final = logging.getLogger(__name__)


class SubprocessResult(NamedTuple):
    """How a program ended."""

    exit_code: int
    output: str  #: the last line, or all lines


class SubprocessHook(BaseHook):
    """Runs programs; each line of their output goes to the log."""

    @cached_property
    def _program(self) -> Program:
        return Program(_log)

    def run_command(
        self,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        output_encoding: str = "utf-8",
        cwd: str | None = None,
    ) -> SubprocessResult:
        """Run one to its end. With `env` it has no other variables; without `cwd` it runs where the task does."""
        self._program = Program(_log, output_encoding)
        environ = dict(env) if env is not None else None
        return SubprocessResult(*self._program.run(command, folder=cwd, environ=environ))

    def send_sigterm(self) -> None:
        """End the program that runs, and all that it started."""
        self._program.kill()


def execute_in_subprocess(
    cmd: Sequence[str], cwd: str | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a program to its end, its output in the log. Raises subprocess.CalledProcessError where it fails."""
    environ = {**os.environ, **env} if env else None
    exit_code, last = Program(_log).run(cmd, folder=cwd, environ=environ)
    if exit_code:
        raise subprocess.CalledProcessError(exit_code, list(cmd), last)
