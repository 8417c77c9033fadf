"""Spans of user code, on their way to the worker. Imported only where user code has loaded OpenTelemetry's API.

The worker knows the collector and its secrets, the attempt's process neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any, Final

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from scheduler.errors import DirigentError

Send = Callable[[list[dict[str, Any]]], None]
#: Sent at once; and how long one may wait for others, in seconds.
_AT_ONCE: Final = 200
_PATIENCE_S: Final = 1.0


@contextmanager
def handed_over(parent: str, send: Send) -> Iterator[None]:
    """Make the span that `parent` names (W3C traceparent) the present one, and send those that end meanwhile.

    Where the code has set a provider of its own, its spans go where that says, below the same parent.
    """
    processor = _Sending(send)
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        provider = TracerProvider(resource=Resource.get_empty(), shutdown_on_exit=False)
        provider.add_span_processor(processor)
        trace.set_tracer_provider(provider)
    token = context.attach(TraceContextTextMapPropagator().extract({"traceparent": parent}))
    try:
        yield
    finally:
        context.detach(token)
        processor.force_flush()


class _Sending(SpanProcessor):
    """Gathers spans that have ended; a thread of its own would outlive what the attempt is for."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._lock = Lock()
        self._ended: list[dict[str, Any]] = []
        self._sent_at = time.monotonic()

    def on_start(self, span: Span, parent_context: context.Context | None = None) -> None:
        """Take no note."""

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span, and send what there is now and then."""
        if span.context is None or not span.context.trace_flags.sampled:
            return
        with self._lock:
            self._ended.append(_data(span))
            is_due = len(self._ended) >= _AT_ONCE or time.monotonic() - self._sent_at > _PATIENCE_S
        if is_due:
            self.force_flush()

    def force_flush(self, timeout_millis: int = 0) -> bool:
        """Send what there is."""
        with self._lock:
            batch, self._ended = self._ended, []
            self._sent_at = time.monotonic()
        # A span that cannot be told of is no failure of the code that made it: in a process that it forked, for one.
        with suppress(DirigentError):
            for start in range(0, len(batch), _AT_ONCE):
                self._send(batch[start : start + _AT_ONCE])
        return True


def _data(span: ReadableSpan) -> dict[str, Any]:
    """Return a span as `scheduler.tracing.user_spans` reads it."""
    scope = span.instrumentation_scope
    return {
        "name": span.name,
        "scope": scope.name if scope else "",
        "span_id": f"{span.context.span_id:016x}" if span.context else "",
        "parent_id": f"{span.parent.span_id:016x}" if span.parent else None,
        "start_ns": span.start_time,
        "end_ns": span.end_time,
        "kind": span.kind.name,
        "status": span.status.status_code.name,
        "description": span.status.description or "",
        "attributes": _plain(span.attributes),
        "events": [
            {"name": each.name, "at_ns": each.timestamp, "attributes": _plain(each.attributes)}
            for each in span.events
        ],
    }


def _plain(attributes: Any) -> dict[str, Any]:
    found = dict(attributes or {})
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}
