"""What proxies say of those who ask through them: believed where the proxy is one of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

from scheduler.cli.parts.visitors import WsgiApp

Network = IPv4Network | IPv6Network

#: What proxies say, as an application finds it.
_TOLD: Final = ("HTTP_X_FORWARDED_", "HTTP_FORWARDED")
#: Some proxies name the port of who asks, another one at each connection: nobody is counted by it.
_PORT: Final = re.compile(r"^(?:\[(.*)\](?::\d+)?|([^:]+):\d+)$")


def networks(texts: Iterable[str]) -> list[Network]:
    """Return networks, or single addresses, as they are written in the settings."""
    return [ip_network(text, strict=False) for text in texts]


class BehindProxies:
    """An application that is asked through proxies: it sees who asks them, by which scheme and name.

    `X-Forwarded-For` is read from its end: everything before the first address that is no proxy of ours may be made
    up. Of `X-Forwarded-Proto` and `X-Forwarded-Host` the last counts. From anybody else none of them is believed, nor
    seen by whoever is asked.
    """

    def __init__(self, app: WsgiApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI
        """Answer a request."""
        if self._is_ours(environ.get("REMOTE_ADDR", "")):
            self._believe(environ)
        else:
            for name in [name for name in environ if name.startswith(_TOLD)]:
                del environ[name]
        return self._app(environ, start_response)

    def _is_ours(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        # What listens on IPv6 for both sees callers by IPv4 as `::ffff:10.0.0.5`.
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._trusted)

    def _believe(self, environ: dict[str, Any]) -> None:
        told = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        hops = [_PORT.sub(r"\1\2", each.strip()) for each in told if each.strip()]
        while hops:
            environ["REMOTE_ADDR"] = hops[-1]
            if not self._is_ours(hops.pop()):
                break
        scheme = _last(environ.get("HTTP_X_FORWARDED_PROTO", "")).lower()
        if scheme in {"http", "https"}:
            environ["wsgi.url_scheme"] = scheme
        if host := _last(environ.get("HTTP_X_FORWARDED_HOST", "")):
            environ["HTTP_HOST"] = host


def _last(text: str) -> str:
    return text.rpartition(",")[2].strip()
