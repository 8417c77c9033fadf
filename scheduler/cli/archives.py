"""The archive of logs, where one is set."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scheduler.config import Settings
    from scheduler.logs.archive import Archive


def open_archive(settings: Settings) -> Archive | None:
    """Return the archive at `log_url`, None where none is set. Raises BadSetting for an address that is no good."""
    if settings.log_url is None:
        return None
    # Not imported above: it loads fsspec, which takes longer than a command.
    module: Any = import_module("scheduler.logs.archive")
    archive: Archive = module.Archive(settings.log_url)
    return archive
