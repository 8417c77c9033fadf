"""BaseHook: what hooks are made of."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

from scheduler.sdk.connections import Connection


class BaseHook:
    """A way to another system: derive from it, and ask `get_connection` where that is."""

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """Return a connection; raises NotFound where there is none."""
        return Connection.get(conn_id)

    @classmethod
    def get_hook(cls, conn_id: str) -> Any:
        """Return a hook of this class for a connection."""
        return cls(conn_id)  # type: ignore[call-arg]  # hooks take it, their root does not

    def get_conn(self) -> Any:
        """Return the client of the other system. Override it."""
        raise NotImplementedError(f"{type(self).__name__} has no get_conn(); override it.")

    @cached_property
    def log(self) -> logging.Logger:
        """Where the hook logs to."""
        return logging.getLogger(f"dirigent.hooks.{type(self).__name__}")
