"""`python reachable.py COMMAND...`: runs a command where every user can read this Python, as root.

Test machines keep their Python below folders such as /root, which only root may enter. In a mount namespace of its own,
which ends with the command, such a folder is replaced by one that all may enter and that holds the Python alone.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

_NEW_NAMESPACE = 0x00020000
_BIND, _MOVE, _RECURSIVE, _PRIVATE = 4096, 8192, 16384, 1 << 18
TREE = Path(__file__).resolve().parents[1]
#: What runs a command so.
REACHABLE = (sys.executable, __file__)


def _closed() -> dict[Path, set[str]]:
    """Return folders on the way to this Python that others may not enter, with what is needed of them."""
    found: dict[Path, set[str]] = defaultdict(set)
    for needed in {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve(), TREE}:
        closed = [each for each in reversed(needed.parents) if not each.stat().st_mode & 0o001]
        if closed:
            found[closed[0]].add(needed.relative_to(closed[0]).parts[0])
    return found


def _mount(
    source: str, target: Path, flags: int, kind: str | None = None, options: str | None = None
) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = [None if each is None else os.fsencode(each) for each in (source, target, kind)]
    if libc.mount(*words, flags, None if options is None else options.encode()):
        raise OSError(ctypes.get_errno(), f"mount {source} at {target}")


def _open(folder: Path, names: set[str]) -> None:
    held = {name: Path(tempfile.mkdtemp()) for name in names}
    for name, place in held.items():
        _mount(str(folder / name), place, _BIND | _RECURSIVE)
    _mount("none", folder, 0, "tmpfs", "mode=755")
    for name, place in held.items():
        (folder / name).mkdir()
        _mount(str(place), folder / name, _MOVE)
        place.rmdir()


if __name__ == "__main__":
    closed = _closed()
    if closed:
        if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NAMESPACE):
            raise OSError(ctypes.get_errno(), "unshare")
        _mount("none", Path("/"), _RECURSIVE | _PRIVATE)
        for folder, names in closed.items():
            _open(folder, names)
    os.execv(sys.argv[1], sys.argv[1:])
