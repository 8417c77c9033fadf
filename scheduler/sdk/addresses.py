"""Connections written as one text: a URI, or a JSON object of their fields."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def fields_of(text: str) -> dict[str, Any]:
    """Return the fields of a connection that a text holds: a JSON object, or a URI."""
    if not text.lstrip().startswith("{"):
        return connection_from_uri(text)
    fields: dict[str, Any] = json.loads(text)
    if isinstance(fields.get("extra"), dict):
        fields["extra"] = json.dumps(fields["extra"])
    if isinstance(fields.get("port"), str):
        fields["port"] = int(fields["port"]) if fields["port"] else None
    return fields


def connection_from_uri(uri: str) -> dict[str, Any]:
    """Return the fields that a URI such as `postgres://user:password@host:5432/schema?key=value` holds."""
    parts = urlsplit(uri)
    place = parts.netloc.rpartition("@")[2]
    host, _, port = place.rpartition(":") if place.rpartition(":")[2].isdigit() else (place, "", "")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    extra = query.pop("__extra__", None) or (json.dumps(query) if query else "")
    fields = {
        "conn_type": parts.scheme.replace("-", "_"),
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "host": unquote(host),
        "port": int(port) if port else None,
        "schema": unquote(parts.path.removeprefix("/")),
        "extra": extra,
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}
