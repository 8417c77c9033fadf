"""Where DAG files lie: a folder that people write to, or a commit of a repository (`parsing.git_folder`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scheduler.parsing.watch import Watcher


@dataclass(frozen=True, slots=True)
class Checkout:
    """What is in force at the moment. `fault`: why something newer is not, in words."""

    root: Path
    version: str | None = None  #: the commit; None for a plain folder
    warnings: tuple[str, ...] = ()
    fault: str = ""


class Place(Protocol):
    """Tells where the DAG files lie right now, and when that changes."""

    def checkout(self) -> Checkout | None:
        """Return what is in force, None where that is not known yet; it stays as it is until this is asked again."""

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin to look for changes; `on_change` is called on any thread."""

    def close(self) -> None:
        """End that."""


class PlainFolder:
    """A folder, watched."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._watcher: Watcher | None = None

    def checkout(self) -> Checkout:
        """Return the folder itself."""
        return Checkout(self._root)

    def start(self, on_change: Callable[[], None]) -> None:
        """Watch the folder."""
        self._watcher = Watcher(self._root, on_change)
        self._watcher.start()

    def close(self) -> None:
        """Watch no more."""
        if self._watcher is not None:
            self._watcher.close()
