"""The small HTTP endpoint of a process: `/metrics`, `/scaling`, and health for probes. Plain WSGI, no page.

Health is for everybody: it names parts, nothing else. The rest wants the token where one is set; without one the
endpoint listens on loopback only, and answers to its names only, so that no page in a browser can be pointed at it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from scheduler.errors import DatabaseUnavailable
from scheduler.monitoring.monitor import CONTENT_TYPE, Health, Monitor

LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = _JSON


class Endpoint:
    """A WSGI application over a monitor."""

    def __init__(self, monitor: Monitor, token: str | None) -> None:
        self._token = token
        self._open: dict[str, Callable[[], Answer]] = {
            "/health": lambda: _of_health(monitor.health()),
            "/health/ready": lambda: _of_health(monitor.health()),
            "/health/live": lambda: _of_health(monitor.liveness()),
        }
        self._guarded: dict[str, Callable[[], Answer]] = {
            "/metrics": lambda: Answer(HTTPStatus.OK, monitor.metrics(), CONTENT_TYPE),
            "/scaling": lambda: _scaling(monitor),
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        answer = self._answer(environ)
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED)
        path = environ.get("PATH_INFO", "")
        if path in self._open:
            return self._open[path]()
        if self._token is None and not _is_loopback_name(environ.get("HTTP_HOST", "")):
            return Answer(HTTPStatus.MISDIRECTED_REQUEST)
        if not is_allowed(self._token, environ.get("HTTP_AUTHORIZATION", "")):
            return Answer(HTTPStatus.UNAUTHORIZED)
        return self._guarded[path]() if path in self._guarded else Answer(HTTPStatus.NOT_FOUND)


def is_allowed(token: str | None, authorization: str) -> bool:
    """Tell whether a request carries the token as `Bearer`; without a token there is nothing to carry."""
    return token is None or hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


def _is_loopback_name(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK_NAMES
    except ValueError:
        return False


def _of_health(health: Health) -> Answer:
    status = HTTPStatus.OK if health.is_ok else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(status, json.dumps(health.body).encode())


def _scaling(monitor: Monitor) -> Answer:
    try:
        return Answer(HTTPStatus.OK, json.dumps(monitor.scaling()).encode())
    except DatabaseUnavailable as error:
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, json.dumps({"detail": str(error)}).encode())
