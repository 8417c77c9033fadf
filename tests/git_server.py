"""git over http on loopback, for those who know a password: what `git http-backend` serves."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit


class _Handler(BaseHTTPRequestHandler):
    server: GitServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        given = self.headers.get("Authorization", "")
        self.server.seen.append(given)
        if self.server.leads_to:
            self.send_response(302)
            self.send_header("Location", f"{self.server.leads_to}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if given != self.server.wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="shop"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        head, _, body = self._backend().partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().splitlines():
            self.send_header(*line.split(": ", 1))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _backend(self) -> bytes:
        address = urlsplit(self.path)
        environ = {
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": address.path,
            "QUERY_STRING": address.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "ana",
        }
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return subprocess.run(
            ["git", "http-backend"], env=environ, input=body, capture_output=True, check=True
        ).stdout


class GitServer(ThreadingHTTPServer):
    """Serves the repositories of a folder."""

    def __init__(self, folder: Path, user: str, password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.wanted = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
        self.seen: list[str] = []
        self.leads_to = ""

    @property
    def url(self) -> str:
        """The address below which they are."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def git_server(folder: Path, user: str, password: str) -> Iterator[GitServer]:
    """Serve until the end of the block."""
    server = GitServer(folder, user, password)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
