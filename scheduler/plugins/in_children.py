"""Plugins in the processes that run user code: their modules can be imported, and templates have their macros."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Final

from scheduler.plugins.loading import load_plugins
from scheduler.sdk import macros

_installed: Final[set[str]] = set()


def install(folder: str) -> None:
    """Load them, once a process. What is broken was told of by the server; here it lacks."""
    if folder in _installed:
        return
    _installed.add(folder)
    for name, functions in load_plugins(Path(folder)).ask("dirigent_macros"):
        if not hasattr(macros, name):
            setattr(macros, name, SimpleNamespace(**functions))
