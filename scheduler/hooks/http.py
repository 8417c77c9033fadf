"""HttpHook: requests to a service that a connection names."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from scheduler.errors import BadConnection
from scheduler.hooks.hook import BaseHook
from scheduler.sdk.connections import Connection
from scheduler.sdk.signals import TaskError

_SCHEMES: Final = ("http", "https")
#: Fields of the extra that say how to send; all others are headers.
_OPTIONS: Final = ("timeout", "allow_redirects", "proxies", "verify", "cert", "stream")
#: Characters of an answer that an error repeats.
_SHOWN: Final = 500


class HttpError(TaskError):
    """The service answered with an error; `status` is its number."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class HttpHook(BaseHook):
    """Sends requests with `requests`: to the host of a connection, with its login, and its extra as headers.

    Of the extra, timeout, allow_redirects, proxies, verify, cert and stream say how to send. Without a connection
    an endpoint is a whole address.
    """

    def __init__(
        self, method: str = "POST", http_conn_id: str | None = "http_default", auth_type: Any = None
    ) -> None:
        self.method = method.upper()
        self.http_conn_id = http_conn_id
        self.auth_type = auth_type

    def get_conn(self, headers: Mapping[str, Any] | None = None) -> Any:
        """Return a session of `requests` with the connection's login and headers, and these."""
        return self._session(self._connection(), headers)

    def url_from_endpoint(self, endpoint: str | None) -> str:
        """Return the whole address of an endpoint."""
        return _address(self._connection(), endpoint or "")

    def run(
        self,
        endpoint: str | None = None,
        data: Any = None,
        headers: Mapping[str, Any] | None = None,
        extra_options: Mapping[str, Any] | None = None,
        **request: Any,
    ) -> Any:
        """Send a request and return the `requests.Response`; raises HttpError for a status of 400 and more.

        `data` of a GET, HEAD or DELETE is its query. `extra_options` say how to send, and with check_response=False
        to return errors, too.
        """
        connection = self._connection()
        given = dict(extra_options or {})
        is_checked = given.pop("check_response", True)
        options = {name: value for name, value in _extra(connection).items() if name in _OPTIONS}
        body = {"params" if self.method in ("GET", "HEAD", "DELETE") else "data": data} if data else {}
        address = _address(connection, endpoint or "")
        self.log.info("%s %s", self.method, address)
        with self._session(connection, headers) as session:
            response = session.request(self.method, address, **{**body, **request, **options, **given})
        if is_checked:
            check_response(response)
        return response

    def test_connection(self) -> tuple[bool, str]:
        """Ask for the address of the connection itself; its status counts, and nothing else of its answer is told."""
        response = self.run(extra_options={"check_response": False, "stream": True})
        return response.status_code < 400, f"{self.method}: {response.status_code} {response.reason}"

    def _connection(self) -> Connection | None:
        return self.get_connection(self.http_conn_id) if self.http_conn_id else None

    def _session(self, connection: Connection | None, headers: Mapping[str, Any] | None) -> Any:
        session = import_module("requests").Session()
        if connection is not None and (self.auth_type or connection.login):
            session.auth = (self.auth_type or _basic)(connection.login, connection.password)
        elif self.auth_type is not None:
            session.auth = self.auth_type()
        own = {name: value for name, value in _extra(connection).items() if name not in _OPTIONS}
        session.headers.update({name: str(value) for name, value in {**own, **(headers or {})}.items()})
        return session


def check_response(response: Any) -> None:
    """Raise HttpError for an answer that is an error."""
    if response.status_code >= 400:
        text = response.text[:_SHOWN]
        raise HttpError(
            f"{response.request.method} {response.url.partition('?')[0]}: {response.status_code} {response.reason}"
            + (f": {text}" if text else ""),
            response.status_code,
        )


def _basic(login: str, password: str) -> Any:
    return import_module("requests.auth").HTTPBasicAuth(login, password)


def _extra(connection: Connection | None) -> dict[str, Any]:
    return connection.extra_dejson if connection else {}


def _address(connection: Connection | None, endpoint: str) -> str:
    if "://" in endpoint:
        return endpoint
    if connection is None or not connection.host:
        raise BadConnection(
            f"endpoint={endpoint!r} is no whole address, and "
            + (f"connection {connection.conn_id!r} has no host." if connection else "there is no connection.")
        )
    base = _base(connection).rstrip("/")
    return f"{base}/{endpoint.lstrip('/')}" if endpoint else base


def _base(connection: Connection) -> str:
    """Return what endpoints are below. The schema of a connection may be that of an address, or a path."""
    if "://" in connection.host:
        return connection.host
    named = [each for each in (connection.schema, connection.conn_type) if each in _SCHEMES]
    port = f":{connection.port}" if connection.port else ""
    path = f"/{connection.schema}" if connection.schema and connection.schema not in _SCHEMES else ""
    return f"{named[0] if named else 'http'}://{connection.host}{port}{path}"
