"""Trying connections out, from the pages and from workers, where the settings allow it."""

from __future__ import annotations

import os

from scheduler.cli.compose.isolation import default_account, environ_of_children
from scheduler.config import Settings
from scheduler.runtime.supervisor.connection_trials import ConnectionTrials


def trials_of(settings: Settings) -> ConnectionTrials | None:
    """Return what tries connections out, as the user and with the memory of an import. Raises BadSetting."""
    if settings.connection_test == "off":
        return None
    return ConnectionTrials(
        environ_of_children(settings, os.environ),
        settings.pass_environ,
        account=default_account(settings.run_as_default),
        memory_bytes=settings.parse_memory_mb * 1024 * 1024,
    )
