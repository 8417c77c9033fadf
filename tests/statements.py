"""One cache of compiled statements for all databases of a process that runs tests.

An engine keeps what it has compiled, and a server has one engine for its whole life. Tests have one each: they would
compile all statements anew, which took a third of the time of those that ask a database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.util import LRUCache


class Statements(LRUCache[Any, Any]):
    """Finds a statement for every engine of a kind, not only for the one that it was compiled for."""

    def get(self, key: Any, default: Any = None) -> Any:
        """Return what any engine of this kind has compiled."""
        return super().get(_of_its_kind(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(_of_its_kind(key), compiled)


def _of_its_kind(key: Any) -> tuple[Any, ...]:
    dialect, *statement = key
    version = getattr(dialect, "server_version_info", None)
    return (type(dialect), version, dialect._json_serializer, dialect._json_deserializer, *statement)


@contextmanager
def shared_statements(capacity: int = 2000) -> Iterator[None]:
    """Have all engines of this process use one cache while the block runs."""
    options = {"compiled_cache": Statements(capacity)}

    def give(session: sa.Connection) -> None:
        if "compiled_cache" not in session.get_execution_options():
            session.engine.update_execution_options(**options)
            session.execution_options(**options)

    sa.event.listen(sa.Engine, "engine_connect", give)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "engine_connect", give)
