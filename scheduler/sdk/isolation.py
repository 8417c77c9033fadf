"""How a task's process is kept apart from others, and what it may take: the arguments, and their plain form."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from scheduler.sdk.arguments import bad_argument, read_choice, read_limit
from scheduler.wire import Isolation

if TYPE_CHECKING:
    from scheduler.sdk.operator import BaseOperator

#: Less than an interpreter with the sdk and a library or two.
LEAST_MEMORY: Final = 64 * 1024 * 1024
#: What a control group can still count.
LEAST_CORES: Final = 0.01
_UNITS: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_USER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?")


class IsolationMode(StrEnum):
    """Where a task's process comes from."""

    FORK = "fork"
    FRESH = "fresh"


def read_mode(name: str, value: object) -> IsolationMode | None:
    """Read "fork" or "fresh"; None leaves it to the worker."""
    return None if value is None else read_choice(name, value, IsolationMode)


def read_interpreter(name: str, value: object) -> str | None:
    """Read the path of an interpreter on the worker; whether it is there, only the worker can say."""
    if value is None:
        return None
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(path, str) or not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise bad_argument(name, value, "give the full path of an interpreter, such as /opt/venv/bin/python")
    return path


def read_user(name: str, value: object) -> str | None:
    """Read the name of a user of the worker's system."""
    if value is None:
        return None
    if not isinstance(value, str) or not _USER.fullmatch(value):
        raise bad_argument(name, value, "give the name of a user of the worker's system")
    if value == "root":
        raise bad_argument(name, value, "no task runs as root; give another user")
    return value


def read_memory(name: str, value: object) -> int | None:
    """Read a size in bytes, or one such as "512MB" or "2 GiB"; both count by 1024."""
    if value is None:
        return None
    size = _size(value)
    if size is None:
        raise bad_argument(name, value, 'give a size such as "512MB" or "2GB", or a number of bytes')
    if size < LEAST_MEMORY:
        raise bad_argument(
            name, value, f'that is {size} bytes, too little for Python: give "{LEAST_MEMORY >> 20}MB" or more'
        )
    return size


def _size(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(float(found[1]) * _UNITS[found[2].upper()]) if found else None


def read_cores(name: str, value: object) -> float | None:
    """Read a number of cores, such as 2 or 0.5."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST_CORES <= value <= 10_000:
        raise bad_argument(name, value, f"give a number of cores, {LEAST_CORES} or more, such as 2 or 0.5")
    return float(value)


def read_cpu_time(name: str, value: object) -> timedelta | None:
    """Read how long an attempt may compute; the kernel counts whole seconds."""
    limit = read_limit(name, value)
    if limit is not None and limit < timedelta(seconds=1):
        raise bad_argument(name, value, "give at least a second of CPU time")
    return limit


def check_together(settings: Mapping[str, Any]) -> None:
    """Raise BadDag where arguments that are fine alone contradict each other."""
    if settings["python"] is not None and settings["isolation"] is IsolationMode.FORK:
        raise bad_argument(
            "python", settings["python"], 'a fork has its worker\'s interpreter: leave out isolation="fork"'
        )


def isolation_of(task: BaseOperator) -> Isolation | None:
    """Return the plain form of what a task asks for; None where it asks for nothing."""
    seconds = task.cpu_time_limit.total_seconds() if task.cpu_time_limit else None
    asked = Isolation(
        mode=_word(task.isolation),
        python=task.python,
        run_as_user=task.run_as_user,
        memory_bytes=task.memory_limit,
        cpus=task.cpu_limit,
        cpu_s=seconds,
    )
    return None if asked == Isolation() else asked


def _word(mode: IsolationMode | None) -> Literal["fork", "fresh"] | None:
    return None if mode is None else mode.value
