"""Connections written as one text, as Airflow writes them: a URI, or a JSON object of their fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from scheduler.errors import BadConnection

FIELDS: Final = ("conn_type", "host", "port", "login", "password", "schema", "extra", "description")
_FORM: Final = (
    "Write it like postgres://login:password@host:5432/schema?key=value, with special characters "
    "percent-encoded."
)
#: The key under which Airflow writes an extra that a query cannot hold.
_WHOLE_EXTRA: Final = "__extra__"


def fields_of(conn_id: str, text: str) -> dict[str, Any]:
    """Return the fields that are set in a text: a JSON object, or a URI. Raises BadConnection."""
    if not text.lstrip().startswith("{"):
        return fields_of_uri(conn_id, text)
    try:
        return fields_of_data(conn_id, json.loads(text))
    except ValueError:
        # Not chained, here and below: the message may repeat a password.
        raise BadConnection(f"The text of connection {conn_id!r} is neither a URI nor JSON.") from None


def fields_of_data(conn_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are set in an object: its extra may be an object, its port a text."""
    unknown = sorted(data.keys() - {*FIELDS, "conn_id", "connection_id", "extra_dejson", "team_name"})
    if unknown:
        raise BadConnection(f"Connection {conn_id!r} has no field {unknown[0]!r}; use {', '.join(FIELDS)}.")
    given = dict(data)
    given["extra"] = _text_of(given.get("extra") or given.get("extra_dejson"))
    given["port"] = _port_of(conn_id, given.get("port"))
    given["conn_type"] = _type(given.get("conn_type") or "")
    fields = {name: given[name] for name in FIELDS if given.get(name) not in (None, "")}
    for name, value in fields.items():
        if name != "port" and not isinstance(value, str):
            raise BadConnection(f"The {name} of connection {conn_id!r} is not a text.")
    return fields


def fields_of_uri(conn_id: str, uri: str) -> dict[str, Any]:
    """Return the fields that are set in a URI in Airflow's form, every part percent-encoded. Raises BadConnection.

    The scheme is its type: `-` stands for `_` there, and `postgresql` for `postgres`, as in Airflow.
    """
    scheme, sign, rest = uri.partition("://")
    unreadable = BadConnection(f"The URI of connection {conn_id!r} cannot be read. {_FORM}")
    try:
        # Without its scheme: a type may hold `_`, which a scheme may not.
        parts = urlsplit(f"//{rest}")
        port = parts.port
    except ValueError:
        raise unreadable from None
    if not scheme or not sign or parts.fragment:
        raise unreadable
    fields = {
        "conn_type": _type(scheme),
        "host": _host(parts.netloc),
        "port": port,
        "schema": unquote(parts.path[1:]),
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "extra": _extra(parts.query),
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _type(scheme: str) -> str:
    return "postgres" if scheme == "postgresql" else scheme.replace("-", "_")


def _host(netloc: str) -> str:
    """Return the host as it is written: `urlsplit` turns it to small letters."""
    place = netloc.rpartition("@")[2]
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return unquote(place.partition(":")[0])


def _extra(query: str) -> str:
    fields = dict(parse_qsl(query, keep_blank_values=True))
    whole = fields.get(_WHOLE_EXTRA)
    return whole if whole is not None else json.dumps(fields) if fields else ""


def _text_of(extra: object) -> object:
    return json.dumps(extra) if isinstance(extra, Mapping) else extra


def _port_of(conn_id: str, port: object) -> int | None:
    if port in (None, ""):
        return None
    if isinstance(port, bool) or not str(port).isdecimal():
        raise BadConnection(f"The port of connection {conn_id!r} is not a number.")
    return int(str(port))
