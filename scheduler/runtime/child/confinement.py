"""What a process puts on itself before it meets user code: the limits and the user that its supervisor asks for."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final

from scheduler.runtime import kernel

#: What Python may take beyond its limit to tell that it ran into it.
_RESERVE: Final = 64 * 1024 * 1024
#: Names of folders that belong to the worker's own user.
_OF_THE_WORKER: Final = ("TMPDIR", "VIRTUAL_ENV_PROMPT", "XDG_")


def confine(request: Mapping[str, Any], *, at_death: signal.Signals = signal.SIGKILL) -> None:
    """Keep to what the request says; what is not named in it is not limited.

    `at_death`: what the kernel sends when the parent dies, which a change of user would make it forget. Raises OSError.
    """
    if (data_bytes := request.get("data_bytes")) is not None:
        kernel.limit_data(data_bytes, _RESERVE)
    if (seconds := request.get("cpu_s")) is not None:
        kernel.limit_cpu_time(seconds)
    if (cores := request.get("cores")) is not None:
        kernel.keep_to_cores(cores)
    if (user := request.get("user")) is not None:
        _become(user, at_death)
        _check_reach(user["name"], request)


def _become(user: Mapping[str, Any], at_death: signal.Signals) -> None:
    """Be another user for good, in its home folder."""
    parent_pid = os.getppid()
    os.setgroups(user["groups"])
    os.setgid(user["gid"])
    os.setuid(user["uid"])
    kernel.gain_nothing()
    kernel.die_with_parent(at_death, parent_pid)
    _move_in(user)


def _move_in(user: Mapping[str, Any]) -> None:
    """Leave the folders of the worker's user, in the environment too."""
    for name in [name for name in os.environ if name.startswith(_OF_THE_WORKER)]:
        del os.environ[name]
    os.environ.update(HOME=user["home"], USER=user["name"], LOGNAME=user["name"])
    os.chdir("/")
    with contextlib.suppress(OSError):
        os.chdir(user["home"])


def _check_reach(name: str, request: Mapping[str, Any]) -> None:
    """Find out here, and not at an import in the middle of a task, what the user cannot read.

    Raises PermissionError.
    """
    interpreter = [request["python"]] if "python" in request else [sys.executable, os.__file__]
    for path in [__file__, *interpreter, request.get("code_root", "/")]:
        if not os.access(path, os.R_OK):
            raise PermissionError(
                f"user {name!r} cannot read {path}; let others read it, and enter its folders"
            )
