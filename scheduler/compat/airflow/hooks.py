"""Hooks under Airflow's names."""

from __future__ import annotations

from typing import Any

from scheduler.compat.airflow.connections import Connection
from scheduler.hooks.hook import BaseHook as DirigentHook
from scheduler.sdk.connections import Connection as DirigentConnection


class BaseHook(DirigentHook):
    """A way to another system, as providers build on it."""

    def __init__(self, *_given: Any, **_named: Any) -> None:
        """Take what subclasses pass up."""

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """Return a connection, which knows the hook of its kind; raises NotFound where there is none."""
        return Connection.of(DirigentConnection.get(conn_id))

    @classmethod
    def get_hook(cls, conn_id: str, hook_params: dict[str, Any] | None = None) -> Any:
        """Return the hook that an installed provider has for a connection."""
        return cls.get_connection(conn_id).get_hook(hook_params=hook_params)

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return no further fields for Airflow's form."""
        return {}

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return nothing for Airflow's form."""
        return {}


DiscoverableHook = BaseHook
