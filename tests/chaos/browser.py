"""A browser's worth of HTTP: it signs in by a link, and sends forms and the API's bodies as the pages' own do."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from scheduler.wire import Json

_TOKEN = re.compile(r'name="csrf-token" content="(\w+)"')


class Browser:
    """Signed in once it is made. Raises HTTPError for every refusal."""

    def __init__(self, link: str) -> None:
        self._address, _, token = link.partition("/sign-in?token=")
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        page = self._send(
            "POST", "/sign-in", urllib.parse.urlencode({"token": token, "next": "/"}).encode(), {}
        )
        found = _TOKEN.search(page)
        assert found is not None, page[:2000]
        self._known = {"X-CSRF-Token": found[1]}

    def post(self, path: str, **fields: str) -> str:
        """Send a form; return the page that it leads to."""
        return self._send("POST", path, urllib.parse.urlencode(fields).encode(), self._known)

    def patch(self, path: str, body: dict[str, Json]) -> None:
        """Change something by the API."""
        headers = {**self._known, "Content-Type": "application/json"}
        self._send("PATCH", path, json.dumps(body).encode(), headers)

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> str:
        request = urllib.request.Request(self._address + path, body, headers, method=method)
        with self._opener.open(request, timeout=30) as answer:
            text: str = answer.read().decode()
        return text
