"""Connections with the hooks that installed providers have for their kinds."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from scheduler.connection_texts import fields_of_uri
from scheduler.errors import NotInDirigent
from scheduler.sdk.connections import Connection as DirigentConnection
from scheduler.sdk.location import author_line


class Connection(DirigentConnection):
    """A connection made in code, of its fields or of one URI."""

    def __init__(
        self,
        conn_id: str | None = None,
        conn_type: str | None = None,
        description: str | None = None,
        host: str | None = None,
        login: str | None = None,
        password: str | None = None,
        schema: str | None = None,
        port: int | None = None,
        extra: str | Mapping[str, Any] | None = None,
        uri: str | None = None,
    ) -> None:
        given = {"conn_type": conn_type, "host": host, "login": login, "password": password, "schema": schema}
        text = json.dumps(extra) if isinstance(extra, Mapping) else extra
        fields = {**given, "port": port, "extra": text, "description": description}
        read = (
            fields_of_uri(conn_id or "", uri)
            if uri
            else {name: each for name, each in fields.items() if each is not None}
        )
        super().__init__(conn_id or "", **read)

    @classmethod
    def of(cls, known: DirigentConnection) -> Connection:
        """Return the same connection, with a hook."""
        names = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")
        return cls(known.conn_id, **{name: getattr(known, name) for name in names})

    def get_hook(self, *, hook_params: Mapping[str, Any] | None = None) -> Any:
        """Return the hook that an installed provider has for connections of this kind."""
        path = hook_paths().get(self.conn_type)
        if path is None:
            raise NotInDirigent(
                f"{author_line()}: no installed provider has a hook for connection {self.conn_id!r}, which is of the "
                f"kind {self.conn_type!r}."
            )
        module, _, name = path.rpartition(".")
        kind = getattr(importlib.import_module(module), name)
        return kind(**{kind.conn_name_attr: self.conn_id}, **(hook_params or {}))


@cache
def hook_paths() -> dict[str, str]:
    """Return where the hook of each kind of connection is, as installed providers tell."""
    metadata = importlib.import_module("importlib.metadata")  # It brings much, and is rarely asked.
    found = [each.load()() for each in metadata.entry_points(group="apache_airflow_provider")]
    kinds = [kind for each in found for kind in each.get("connection-types", ())]
    return {kind["connection-type"]: kind["hook-class-name"] for kind in kinds}
