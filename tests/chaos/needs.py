"""What some scenarios need beyond the services, and how to tell that it is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from tests.services.pgbouncer import PgBouncer
from tests.services.server import ProgramMissing


def _tmpfs() -> str:
    return "" if os.geteuid() == 0 else "root, who may mount a small disk"


def _pgbouncer() -> str:
    try:
        PgBouncer.program()
    except ProgramMissing as missing:
        return str(missing)
    return ""


_LOOKS: dict[str, Callable[[], str]] = {"tmpfs": _tmpfs, "pgbouncer": _pgbouncer}


def missing(needs: Iterable[str]) -> list[str]:
    """Return what is missing, with the line that installs it."""
    return [words for name in needs if (words := _LOOKS[name]())]
