"""Plain files of the DAG folder, and no others: whoever reads them has the server's eyes.

A link may lead anywhere. Where the kernel speaks (`/proc`, `/sys`, `/dev`) it tells each process of that process
itself, its environment included: a copy would hand the server's secrets to all tasks. A pipe never ends.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import cache
from pathlib import Path
from typing import Final

_KERNEL: Final = ("/proc", "/sys", "/dev")


def read_plain(path: Path, limit: int) -> bytes:
    """Return what a plain file holds, without waiting; raises OSError for anything else and above `limit` bytes."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:  # noqa: PTH123 - of a descriptor
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or is_of_kernel(found):
            raise OSError(errno.EINVAL, "it is no plain file")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it has more than {limit:,} bytes")
    return data


def is_of_kernel(found: os.stat_result) -> bool:
    """Tell whether a file or folder lies in one of the kernel's own file systems."""
    return found.st_dev in _kernel_devices()


@cache
def _kernel_devices() -> frozenset[int]:
    places = [os.stat(place).st_dev for place in _KERNEL if os.path.isdir(place)]  # noqa: PTH112, PTH116 - plain names
    return frozenset(places) - {Path("/").stat().st_dev}
