"""A service on a port of this host, that answers as its path says and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from scheduler import Connection


class Service(ThreadingHTTPServer):
    """`/status/404` answers with 404, everything else with what it was asked: method, path, body."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.headers: list[dict[str, str]] = []

    def connection(self, **fields) -> Connection:
        return Connection("api", conn_type="http", host="127.0.0.1", port=self.server_port, **fields)


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        is_error = self.path.startswith("/status/")
        answer = f"{self.command} {self.path} {body}".encode()
        self.send_response(int(self.path.split("/")[2]) if is_error else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of tests clean."""


@contextmanager
def serve() -> Iterator[Service]:
    """Serve until the end."""
    with Service() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
