"""The lock file of a bundle: which environment its tasks run in, by content."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scheduler.errors import DirigentError

#: Raised when environments come to be built otherwise, so that all are built anew.
_FORM: Final = 1
#: It begins where a word does: looked for at every character, a long word would take its square of time.
_LOCAL: Final = re.compile(
    r"(?<![^\s'\";=@#:])(?:file:(?://)?)?([^\s'\";=@#:]+\.(?:whl|tar\.gz|zip))(?![\w.])"
)
_LARGEST: Final = 20_000_000
#: Bytes of all packages that a lock names by their files: they are read each time.
_LARGEST_LOCAL: Final = 5_000_000_000


class BadLock(DirigentError):
    """A lock file is of a kind that no environment can be built from."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file as it stands. `key` names the environment that is built from it with this Python.

    `local`: the packages that it names by their files.
    """

    file: Path
    key: str
    local: tuple[Path, ...] = ()


def read_lock(code_root: Path, name: str) -> Lock | None:
    """Return the lock file of a DAG folder; None where it has none. Raises BadLock, OSError."""
    file = code_root / name
    if not file.is_file():
        return None
    if file.name == "uv.lock":
        raise BadLock(
            f"{name} is a project's own lock, which names no files to install by itself: commit what "
            "`uv export --frozen --no-emit-project -o requirements.lock` writes, and set DIRIGENT_DAGS_LOCK_FILE to it."
        )
    size = file.stat().st_size
    if size > _LARGEST:
        raise BadLock(f"{name} has more than {_LARGEST:,} bytes.")
    # Files of the kernel have no size; to read one may wait for ever.
    text = file.read_text(encoding="utf-8", errors="replace") if size else ""
    facts = [_FORM, file.name, text, sys.version, platform.machine(), sysconfig.get_platform()]
    local = tuple(_local_files(text, file.parent))
    if sum(each.stat().st_size for each in local) > _LARGEST_LOCAL:
        raise BadLock(
            f"{name} names files of packages that have more than {_LARGEST_LOCAL:,} bytes together."
        )
    contents = [[each.name, _digest(each)] for each in local]
    return Lock(file, hashlib.sha256(json.dumps([facts, contents]).encode()).hexdigest()[:32], local)


def _local_files(text: str, folder: Path) -> Iterator[Path]:
    """Yield the packages that the lock names by their file: they may change while their names stay."""
    for found in sorted({match[1] for match in _LOCAL.finditer(text)}):
        file = folder / found
        if file.is_file() and file.stat().st_size:
            yield file


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
