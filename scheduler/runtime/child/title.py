"""What `ps` shows of a process."""

from __future__ import annotations

import importlib.util

HAS_TITLES = importlib.util.find_spec("setproctitle") is not None
if HAS_TITLES:
    from setproctitle import setproctitle


def set_title(title: str) -> None:
    """Name this process; another interpreter may not have what that takes."""
    if HAS_TITLES:
        setproctitle(title)
