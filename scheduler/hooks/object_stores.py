"""The filesystems of ObjectStoragePath: made by fsspec of a protocol and a connection, or brought by code itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

from scheduler.hooks.hook import BaseHook

#: Options of a filesystem, by name.
Properties = dict[str, Any]
#: What fields of a connection are called among the options of a store; its extra is handed on as it is.
_SERVER: Final = {"host": "host", "port": "port", "login": "username", "password": "password"}
_ACCOUNT: Final = {"login": "account_name", "password": "account_key"}
_BUCKETS: Final = {"login": "key", "password": "secret", "host": "endpoint_url"}
_HADOOP: Final = {"host": "host", "port": "port", "login": "user"}
_OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    **dict.fromkeys(("s3", "s3a"), _BUCKETS),
    **dict.fromkeys(("sftp", "ssh", "ftp", "smb"), _SERVER),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), _ACCOUNT),
    **dict.fromkeys(("hdfs", "webhdfs"), _HADOOP),
}
#: Filesystems that code brought itself, by protocol and connection.
_attached: Final[dict[tuple[str, str | None], Any]] = {}


def attached(protocol: str, conn_id: str | None) -> Any:
    """Return the filesystem that code brought for them, or None."""
    return _attached.get((protocol, conn_id))


def attach(
    protocol: str,
    conn_id: str | None = None,
    encryption_type: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
    fs: Any = None,
) -> Any:
    """Have paths of a protocol and connection use a filesystem of one's own, and return it."""
    made = fs or get_fs(protocol, conn_id, storage_options)
    _attached[protocol, conn_id] = made
    return made


def get_fs(scheme: str, conn_id: str | None = None, storage_options: Mapping[str, Any] | None = None) -> Any:
    """Return the filesystem of a protocol, with the options of a connection. Raises ValueError for an unknown one."""
    return _filesystem(scheme, conn_id, json.dumps(dict(storage_options or {})))


def has_fs(scheme: str) -> bool:
    """Tell whether fsspec knows a protocol; its driver may be absent all the same."""
    return scheme in import_module("fsspec").available_protocols()


@cache
def _filesystem(protocol: str, conn_id: str | None, options: str) -> Any:
    given = {**_options_of(protocol, conn_id), **json.loads(options)}
    return import_module("fsspec").filesystem(protocol, **given)


def _options_of(protocol: str, conn_id: str | None) -> dict[str, Any]:
    if conn_id is None:
        return {}
    connection = BaseHook.get_connection(conn_id)
    names = _OPTIONS.get(protocol, {})
    fields = {option: getattr(connection, name) for name, option in names.items()}
    known = {name: value for name, value in fields.items() if value not in ("", None)}
    return {**known, **{name: value for name, value in connection.extra_dejson.items() if name != "path"}}
