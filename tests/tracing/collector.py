"""A collector of one's own: takes OTLP over HTTP and keeps what it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """What was sent so far: spans by their names, and lines of logs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = Lock()
        self._spans: list[Any] = []
        self._lines: list[Any] = []
        self.headers: list[dict[str, str]] = []

    def take(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        """Keep one message."""
        with self._lock:
            self.headers.append(headers)
            if path == "/v1/traces":
                self._take_spans(ExportTraceServiceRequest.FromString(body))
            elif path == "/v1/logs":
                self._take_lines(ExportLogsServiceRequest.FromString(body))

    def _take_spans(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self._spans += scope.spans

    def _take_lines(self, request: ExportLogsServiceRequest) -> None:
        for resource in request.resource_logs:
            for scope in resource.scope_logs:
                self._lines += scope.log_records

    @property
    def spans(self) -> dict[str, Any]:
        """The spans by their names; of several with one name, the last."""
        with self._lock:
            return {span.name: span for span in self._spans}

    @property
    def lines(self) -> list[Any]:
        """The lines of logs."""
        with self._lock:
            return list(self._lines)


def attributes(told: Any) -> dict[str, Any]:
    """Return the attributes of a span or a line."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in told.attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on a free port."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            collector.take(self.path, self.rfile.read(length), dict(self.headers))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
