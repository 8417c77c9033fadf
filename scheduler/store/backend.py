"""What the two kinds of database have in common once they are open."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Backend:
    """One open database: its pools, and what each kind does in its own way."""

    url: sa.URL
    reads: sa.Engine
    writes: sa.Engine
    #: The engines that own a pool; one made from another shares its pool and its events.
    roots: tuple[sa.Engine, ...]
    #: Ends the transaction of a read, which has written nothing.
    leave: Callable[[sa.Transaction], None]
    #: SQLite's file.
    path: Path | None
    #: Held around each write: SQLite has one writer a process.
    alone: Callable[[], AbstractContextManager[None]]
    #: Lets other processes know, once the session commits.
    notify: Callable[[sa.Connection], None]
    #: Begins the transaction of a migration, after every other process has left its own.
    begin_change: Callable[[sa.Connection], AbstractContextManager[None]]
