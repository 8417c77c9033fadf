"""A person at the page: signs in by the printed link and presses the trigger button."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

_HIDDEN = re.compile(r'name="(csrf_token|key)" value="([^"]*)"')


class Person:
    """A browser's worth of HTTP: cookies and hidden form fields."""

    def __init__(self, link: str) -> None:
        self._address, _, token = link.partition("/sign-in?token=")
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._post("/sign-in", {"token": token, "next": "/"})

    def trigger(self, dag_id: str) -> str:
        """Trigger a DAG as its form does; return the run_id."""
        path = f"/dags/{dag_id}/trigger"
        page = self._opener.open(self._address + path, timeout=30).read().decode()
        url = self._post(path, dict(_HIDDEN.findall(page)))
        return urllib.parse.unquote(url.rsplit("/runs/", 1)[1])

    def _post(self, path: str, fields: dict[str, str]) -> str:
        data = urllib.parse.urlencode(fields).encode()
        with self._opener.open(self._address + path, data=data, timeout=30) as answer:
            url: str = answer.url
        return url
