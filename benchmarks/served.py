"""A `dirigent web` on a home folder of given sizes, and somebody who is signed in."""

from __future__ import annotations

import http.client
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.integration.processes import Process

_TOKEN = re.compile(r'name="csrf-token" content="(\w*)"')


@dataclass
class Served:
    """A server of pages, and how one is signed in at it."""

    process: Process
    address: str
    link: str
    cookie: str

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    def ask(self, path: str, **headers: str) -> tuple[float, int, bytes]:
        """Ask for a page on a connection of its own; return what it took in ms, the status and the body."""
        connection = http.client.HTTPConnection(str(urlsplit(self.address).netloc), timeout=60)
        began_s = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": self.cookie, **headers})
        answer = connection.getresponse()
        body = answer.read()
        took_ms = (time.perf_counter() - began_s) * 1000
        connection.close()
        return took_ms, answer.status, body


@contextmanager
def served(home: Path, database: str | None = None) -> Iterator[Served]:
    """Run `dirigent web` on a home folder."""
    dags = home / "dags"
    dags.mkdir(exist_ok=True)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DIRIGENT_")}
    environ |= {"DIRIGENT_HOME": str(home), "DIRIGENT_PORT": "0", "DIRIGENT_DAGS_FOLDER": str(dags)}
    environ |= {"PYTHONPATH": os.pathsep.join(sys.path)}
    if database:
        environ["DIRIGENT_DATABASE_URL"] = database
    command = [sys.executable, "-c", "from scheduler.cli import main; main()", "web"]
    process = Process(command, home, environ, home / "web.log")
    try:
        process.wait_for(" is up")
        found = re.search(r"Sign in: (\S+)", process.output)
        assert found is not None
        yield Served(process, found[1].partition("/sign-in")[0], found[1], _sign_in(found[1]))
    finally:
        process.stop()


def _sign_in(link: str) -> str:
    address = link.partition("/sign-in")[0]
    session = requests.Session()
    session.get(link)
    session.post(f"{address}/sign-in", data={"token": link.partition("token=")[2]}, allow_redirects=False)
    return "; ".join(f"{each.name}={each.value}" for each in session.cookies)
