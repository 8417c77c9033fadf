"""The way to a collector: OTLP over HTTP, by OpenTelemetry's own exporters."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Final

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from scheduler.clock import Clock
from scheduler.store.engine import Database
from scheduler.tracing.ids import TraceIds
from scheduler.tracing.lines import Lines
from scheduler.tracing.spans import SpanMaker
from scheduler.tracing.traces import Traces

#: Spans, and lines, that wait for a collector; what comes beyond is dropped, and OpenTelemetry says so in the log.
_MOST_WAITING: Final = 20_000
_PAUSE_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Collected:
    """All that a process tells a collector."""

    traces: Traces
    lines: Lines

    def start(self) -> None:
        """Begin to tell."""
        self.traces.start()
        self.lines.start()

    def close(self) -> None:
        """Tell what is known, as far as the collector takes it within some seconds."""
        self.lines.close()
        self.traces.close()


def open_collector(db: Database, url: str, secret: bytes, clock: Clock) -> Collected:
    """Return what tells the collector at `url` of what this process does; nothing connects yet."""
    place, who, ids = url.rstrip("/"), resource(), TraceIds(secret)
    spans = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{place}/v1/traces"), _MOST_WAITING, _PAUSE_MS)
    provider = LoggerProvider(who, shutdown_on_exit=False)
    records = BatchLogRecordProcessor(
        OTLPLogExporter(endpoint=f"{place}/v1/logs"), _PAUSE_MS, max_queue_size=_MOST_WAITING
    )
    provider.add_log_record_processor(records)
    return Collected(Traces(db, SpanMaker(ids, who), spans), Lines(ids, provider, clock.now))


def resource() -> Resource:
    """Say who tells: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` stand above what is known."""
    known = {"service.name": "dirigent", "service.instance.id": f"{socket.gethostname()}:{os.getpid()}"}
    return Resource(known).merge(OTELResourceDetector().detect())
