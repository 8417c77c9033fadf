"""The base process: one thread, no user code; forks preloaders."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from scheduler.runtime import kernel
from scheduler.runtime.child.attempt_process import UserCode, forbid_core_files, prepare_to_print
from scheduler.runtime.child.confinement import confine
from scheduler.runtime.child.nursery import Nursery, Request, Ties
from scheduler.runtime.child.preloader import become_bare, become_preloader
from scheduler.runtime.child.title import set_title
from scheduler.runtime.sockets import adopt

#: How long preloaders get to kill their attempts; then they are killed themselves.
_GRACE_S: Final = 0.5


def serve_supervisor(code: UserCode) -> NoReturn:
    """Serve the supervisor that is at the other end of the socket named by the first argument."""
    control = adopt(int(sys.argv[1]))
    os.set_inheritable(control.fileno(), False)
    forbid_core_files()
    prepare_to_print()
    set_title("dirigent: base")
    sys.dont_write_bytecode = True
    code.rehearse()

    def preload(request: Request, fds: Sequence[int]) -> NoReturn:
        become_preloader(code, request, fds, nursery.life_fd)

    def bare(_request: Request, fds: Sequence[int]) -> NoReturn:
        become_bare(code, fds, nursery.life_fd)

    def wait(request: Request, fds: Sequence[int]) -> NoReturn:
        become_waiter(code, request, fds, nursery.life_fd)

    births = {"preload": preload, "bare": bare, "wait": wait}
    nursery = Nursery(Ties(control, None), births, grace_s=_GRACE_S)
    nursery.serve(threads=kernel.thread_count(), output="")


def become_waiter(code: UserCode, request: Request, fds: Sequence[int], life_fd: int) -> NoReturn:
    """Replace this process by a fresh interpreter that watches triggers; it ends with its channels."""
    *channels, output_fd = fds
    os.close(life_fd)
    confine(request)
    os.dup2(output_fd, 1)
    os.dup2(output_fd, 2)
    for fd in channels:
        os.set_inheritable(fd, True)
    command = code.waiter_command
    os.execv(command[0], [*command, *map(str, channels)])
