"""Waiting for files."""

from __future__ import annotations

import asyncio
import glob
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scheduler.sdk.deferral import BaseEventTrigger, BaseTrigger, TriggerEvent


class FileTrigger(BaseTrigger):
    """Fires when there is a file of this path or pattern, or one in a folder of it; its event is True.

    It looks on the host of the worker that watches.
    """

    def __init__(
        self, filepath: str, recursive: bool = False, poke_interval: float = 5.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filepath = filepath
        self.recursive = recursive
        self.poke_interval = poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what it is made of."""
        names = ("filepath", "recursive", "poke_interval")
        return "scheduler.triggers.file.FileTrigger", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look now and then."""
        while (found := await asyncio.to_thread(self._find)) is None:
            await asyncio.sleep(self.poke_interval)
        self.log.info("Found %s.", found)
        yield TriggerEvent(True)

    def _find(self) -> Path | None:
        paths = map(Path, glob.glob(self.filepath, recursive=self.recursive))  # noqa: PTH207 - absolute patterns
        return next((file for path in paths for file in _files_of(path)), None)


class FileDeleteTrigger(FileTrigger, BaseEventTrigger):
    """Fires when there is a file of this path, which it deletes. It may be watched for an asset."""

    def __init__(self, filepath: str, poke_interval: float = 5.0, **kwargs: Any) -> None:
        super().__init__(filepath, poke_interval=poke_interval, **kwargs)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what it is made of."""
        kwargs = {"filepath": self.filepath, "poke_interval": self.poke_interval}
        return "scheduler.triggers.file.FileDeleteTrigger", kwargs

    def _find(self) -> Path | None:
        path = Path(self.filepath)
        if not path.is_file():
            return None
        path.unlink()
        return path


class DirectoryFileDeleteTrigger(FileDeleteTrigger):
    """Fires when there is a file of this name in a folder, which it deletes."""

    def __init__(self, directory: str, filename: str, poke_interval: float = 5.0, **kwargs: Any) -> None:
        super().__init__(str(Path(directory, filename)), poke_interval=poke_interval, **kwargs)
        self.directory, self.filename = directory, filename

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what it is made of."""
        kwargs = {name: getattr(self, name) for name in ("directory", "filename", "poke_interval")}
        return "scheduler.triggers.file.DirectoryFileDeleteTrigger", kwargs


def _files_of(path: Path) -> list[Path]:
    """Return the file itself, or those in the folder, however deep."""
    return [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
