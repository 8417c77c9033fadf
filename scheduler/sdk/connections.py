"""Connections: where another system is and how to sign in to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from scheduler.errors import NotFound
from scheduler.sdk.variables import current_reader


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection, as tasks read it."""

    conn_id: str
    conn_type: str = ""
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    schema: str = ""
    extra: str = field(default="", repr=False)
    description: str = ""

    @classmethod
    def get(cls, conn_id: str) -> Connection:
        """Return the connection; raises NotFound where there is none."""
        fields = current_reader().get_connection(conn_id)
        if fields is None:
            raise NotFound(
                "connection", conn_id, hint=f"Define it: `dirigent connections set {conn_id} --uri URI`."
            )
        known = {name: fields[name] for name in _FIELDS if fields.get(name) is not None}
        return cls(conn_id, **known)

    @classmethod
    def get_connection_from_secrets(cls, conn_id: str) -> Connection:
        """The same, under Airflow's name."""
        return cls.get(conn_id)

    @property
    def extra_dejson(self) -> dict[str, Any]:
        """The extra fields; empty where there are none."""
        extra: dict[str, Any] = json.loads(self.extra) if self.extra else {}
        return extra

    def get_uri(self) -> str:
        """Return it as one URI, every part quoted."""
        login = (
            f"{quote(self.login, safe='')}:{quote(self.password, safe='')}@"
            if self.login or self.password
            else ""
        )
        place = quote(self.host, safe="") + (f":{self.port}" if self.port else "")
        flat = {
            key: each if isinstance(each, str) else json.dumps(each)
            for key, each in self.extra_dejson.items()
        }
        query = f"?{urlencode(flat)}" if flat else ""
        return f"{self.conn_type}://{login}{place}/{quote(self.schema, safe='')}{query}"


_FIELDS = ("conn_type", "host", "port", "login", "password", "schema", "extra", "description")


class Connections:
    """`conn.CONN_ID` in templates."""

    def __getattr__(self, conn_id: str) -> Connection:
        if conn_id.startswith("_"):
            raise AttributeError(conn_id)
        return Connection.get(conn_id)

    def get(self, conn_id: str, default: Any = None) -> Any:
        """Return the connection, or the default."""
        try:
            return Connection.get(conn_id)
        except NotFound:
            return default
