"""Hooks under Airflow's names."""

from __future__ import annotations

from typing import Any

from scheduler.hooks.hook import BaseHook

__all__ = ["BaseHook", "DiscoverableHook"]


class DiscoverableHook:
    """What a hook says of itself to Airflow's page: its kind of connection, and the fields of the form."""

    conn_name_attr: str
    default_conn_name: str
    conn_type: str
    hook_name: str

    @staticmethod
    def get_connection_form_widgets() -> dict[str, Any]:
        """Return no further fields."""
        return {}

    @staticmethod
    def get_ui_field_behaviour() -> dict[str, Any]:
        """Return nothing."""
        return {}
