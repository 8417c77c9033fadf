"""A nursery that has one DAG file imported and forks attempts of it; a *bare* one has none."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, BinaryIO, Final, NoReturn

from scheduler.runtime import kernel
from scheduler.runtime.child import records
from scheduler.runtime.child.attempt_process import UserCode, run_attempt
from scheduler.runtime.child.blame import blame
from scheduler.runtime.child.confinement import confine
from scheduler.runtime.child.interpreter import environment_of
from scheduler.runtime.child.nursery import Nursery, Request, Ties
from scheduler.runtime.child.pipe import PipeChannel
from scheduler.runtime.child.refusal import refuse
from scheduler.runtime.child.title import set_title
from scheduler.runtime.sockets import adopt

_OUTPUT_LIMIT: Final = 8_000


def become_bare(code: UserCode, fds: Sequence[int], life_fd: int) -> NoReturn:
    """Serve parses and fresh interpreters: what they do to their parent harms nobody else."""
    set_title("dirigent: preloader of nothing")
    (control_fd,) = fds
    # No process but this one forks parses: the others need not carry what they import.
    run_parse: Callable[..., NoReturn] = import_module("scheduler.runtime.child.parse").run_parse

    def parse(request: Request, parse_fds: Sequence[int]) -> NoReturn:
        run_parse(code, request, parse_fds)

    def fresh(request: Request, attempt_fds: Sequence[int]) -> NoReturn:
        _execute(code, request, attempt_fds)

    ties = Ties(adopt(control_fd), life_fd)
    nursery = Nursery(ties, {"parse": parse, "fresh": fresh}, grace_s=0)
    nursery.serve(threads=1, output="")


def become_preloader(code: UserCode, request: Request, fds: Sequence[int], life_fd: int) -> NoReturn:
    """Import the file, tell how that went, and serve attempts."""
    set_title(f"dirigent: preloader of {request['file']}")
    control_fd, channel_fd = fds
    ties = Ties(adopt(control_fd), life_fd)
    dags: dict[str, Any] = {}

    def attempt(asked: Request, attempt_fds: Sequence[int]) -> NoReturn:
        _confine(asked, attempt_fds)
        run_attempt(code, dags, attempt_fds)

    nursery = Nursery(ties, {"attempt": attempt}, grace_s=0, has_spare=True)
    with tempfile.TemporaryFile() as printed:
        _redirect(printed.fileno())
        channel = PipeChannel(adopt(channel_fd))
        try:
            confine(request, at_death=signal.SIGTERM)
            dags.update(code.load(request["code_root"], request["file"], channel))
            code.warm(dags)
        except BaseException as error:  # noqa: BLE001 - the edge of a process: SystemExit, too
            info = blame(error, request["code_root"])
            nursery.tell("broken", error=info, output=_tail(printed))
            os._exit(1)
    channel.close()
    _redirect(os.open(os.devnull, os.O_WRONLY))
    records.install(1)
    nursery.serve(threads=kernel.thread_count(), output="")


def _execute(code: UserCode, request: Request, fds: Sequence[int]) -> NoReturn:
    """Replace this process by a fresh interpreter that runs the attempt."""
    for fd in fds:
        os.set_inheritable(fd, True)
    python = request.get("python")
    command = [python, *code.foreign_command] if python else code.fresh_command
    _confine(request, fds)
    environ = environment_of(python, os.environ) if python else os.environ
    try:
        os.execve(command[0], [*command, *map(str, fds)], environ)
    except OSError as error:
        refuse(fds[0], f"{command[0]} cannot be executed on this worker: {error.strerror}")
        os._exit(0)


def _confine(request: Request, fds: Sequence[int]) -> None:
    """Take up limits and user, or end without having met user code."""
    try:
        confine(request)
    except OSError as error:
        refuse(fds[0], f"could not be set apart: {error}", retryable=True)
        os._exit(0)


def _redirect(fd: int) -> None:
    """Let prints of this process go to `fd`. Nothing may stay in a buffer: each fork would print it again."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.dup2(fd, 1)
    os.dup2(fd, 2)


def _tail(printed: BinaryIO) -> str:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    size = printed.seek(0, os.SEEK_END)
    printed.seek(max(0, size - _OUTPUT_LIMIT))
    return printed.read().decode(errors="replace")
