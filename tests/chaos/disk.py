"""A small disk of the test's own, which can be filled and freed. Only root may mount one."""

from __future__ import annotations

import contextlib
import errno
import subprocess
from pathlib import Path
from typing import Self

_PIECE = b"x" * 4096


class Disk:
    """A folder with a limit. Used as a context manager; it is gone afterwards."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._folder = folder
        self._size = f"size={megabytes}m"

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700, parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", self._size, "tmpfs", self._folder], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", self._folder], check=True)

    def fill(self) -> None:
        """Leave no byte free."""
        with (self._folder / "ballast").open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(_PIECE)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def free(self) -> None:
        """Give the space back."""
        with contextlib.suppress(FileNotFoundError):
            (self._folder / "ballast").unlink()
