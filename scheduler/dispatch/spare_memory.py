"""How much memory this process may still take: of the machine, and of the control groups that it lives in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

#: What is left alone, of what is free.
_RESERVE: Final = 0.1
_GROUPS: Final = Path("/sys/fs/cgroup")
_OWN: Final = Path("/proc/self/cgroup")


def spare_memory() -> int:
    """Return the bytes that can be taken without harm: nine tenths of the narrowest room."""
    rooms = [psutil.virtual_memory().available, *group_rooms(_GROUPS, _OWN)]
    return int(min(rooms) * (1 - _RESERVE))


def group_rooms(groups: Path, own: Path) -> Iterator[int]:
    """Yield what each control group (version 2) from the own one upwards leaves, where it has a limit."""
    try:
        path = own.read_text(encoding="ascii").rpartition("0::/")[2].strip()
    except (OSError, UnicodeDecodeError):
        return
    place = groups / path
    for group in (place, *place.parents):
        if not group.is_relative_to(groups):
            return
        room = _room(group)
        if room is not None:
            yield room


def _room(group: Path) -> int | None:
    """Return limit less use; what the kernel keeps of files it can drop."""
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
        kept = _inactive_files((group / "memory.stat").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if limit == "max" else max(0, int(limit) - max(0, used - kept))


def _inactive_files(stat: str) -> int:
    lines = (line.partition(" ") for line in stat.splitlines())
    return next((int(value) for name, _, value in lines if name == "inactive_file"), 0)
