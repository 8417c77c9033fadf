"""Carry the wake from process to process, by what each kind of database offers."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from scheduler.store.backend import Backend
from scheduler.store.sqlite_watch import SqliteWatch


class Watch(Protocol):
    """Threads that hear of other processes' writes, and tell of this one's."""

    def tell(self) -> None:
        """Let other processes know of a commit."""

    def version(self) -> tuple[int, ...] | None:
        """Return a value that will be another once another process has committed; None: it cannot tell."""

    def close(self) -> None:
        """Tell what is yet to be told, and end the threads."""


def watch(backend: Backend, heard: Callable[[], None]) -> Watch:
    """Start to watch a database; `heard` is called, from a thread, when another process has written."""
    if backend.path is not None:
        return SqliteWatch(backend, heard)
    # Not imported above: psycopg takes 0.2 s to load, and SQLite does without.
    module: Any = import_module("scheduler.store.postgres_watch")
    watching: Watch = module.PostgresWatch(backend.url, heard)
    return watching
