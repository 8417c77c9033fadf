"""Spans of what has ended: run -> task -> attempt -> what its own code tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from scheduler.store.views.traces import EndedAttempt, EndedRun, EndedTask
from scheduler.tracing.ids import TraceIds
from scheduler.tracing.user_spans import UserSpan

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WELL: Final = frozenset({"success", "skipped", "deferred"})
_ILL: Final = frozenset({"failed", "lost", "upstream_failed"})
_SCOPE: Final = InstrumentationScope("dirigent")

Attributes = Mapping[str, Any]


class SpanMaker:
    """Makes spans; `resource` says who tells of them."""

    def __init__(self, ids: TraceIds, resource: Resource) -> None:
        self.ids = ids
        self._resource = resource

    def of_run(self, run: EndedRun) -> ReadableSpan:
        """Return the root of a run's trace."""
        attributes = _run(run) | {
            "dirigent.state": run.state,
            "dirigent.run_type": run.run_type,
            "dirigent.logical_date": _text(run.logical_date),
            "dirigent.owner": run.owner,
            "dirigent.triggered_by": run.triggered_by,
        }
        span_id = self.ids.run(run.dag_id, run.run_id)
        return self._span(f"run {run.dag_id}", run, span_id, None, attributes)

    def of_task(self, task: EndedTask) -> ReadableSpan:
        """Return the span of a task instance, below its run."""
        attributes = _run(task) | {
            "dirigent.task_id": task.task_id,
            "dirigent.path": task.path,
            "dirigent.state": task.state,
            "dirigent.try_number": task.try_number,
            "dirigent.operator": task.operator,
            "dirigent.queue": task.queue,
            "dirigent.pool": task.pool,
            "dirigent.scheduled_at": _text(task.scheduled_at),
        }
        span_id = self.ids.task(task.dag_id, task.run_id, task.task_id, task.path)
        parent = self.ids.run(task.dag_id, task.run_id)
        return self._span(f"task {task.task_id}", task, span_id, parent, attributes)

    def of_attempt(self, attempt: EndedAttempt) -> ReadableSpan:
        """Return the span of an attempt, below its task; that of a callback of the DAG, below its run."""
        attributes = _run(attempt) | {
            "dirigent.task_id": attempt.task_id,
            "dirigent.path": attempt.path,
            "dirigent.kind": attempt.kind,
            "dirigent.state": attempt.state,
            "dirigent.attempt_id": attempt.attempt_id,
            "dirigent.try_number": attempt.try_number,
            "dirigent.queue": attempt.queue,
            "dirigent.worker_id": attempt.worker_id,
            "dirigent.exit_code": attempt.exit_code,
            "dirigent.signal": attempt.signal,
            "dirigent.cpu_s": attempt.cpu_s,
            "dirigent.peak_memory_bytes": attempt.peak_memory_bytes,
            "host.name": attempt.hostname,
        }
        what = attempt.task_id or attempt.dag_id
        name = f"attempt {attempt.try_number} of {what}" if attempt.kind == "task" else f"callback of {what}"
        return self._span(
            name,
            attempt,
            self.ids.attempt(attempt.attempt_id),
            self._above(attempt),
            attributes,
            _moments(attempt),
        )

    def _above(self, attempt: EndedAttempt) -> int:
        if not attempt.task_id:
            return self.ids.run(attempt.dag_id, attempt.run_id)
        return self.ids.task(attempt.dag_id, attempt.run_id, attempt.task_id, attempt.path)

    def of_user(self, span: UserSpan, dag_id: str, run_id: str) -> ReadableSpan:
        """Return a span of user code, in the trace of the run whatever it says."""
        trace = self.ids.trace(dag_id, run_id)
        events = [Event(each.name, dict(each.attributes), each.at_ns) for each in span.events]
        return ReadableSpan(
            span.name,
            _context(trace, int(span.span_id, 16)),
            _context(trace, int(span.parent_id, 16)) if span.parent_id else None,
            self._resource,
            dict(span.attributes),
            events,
            kind=SpanKind[span.kind],
            instrumentation_scope=InstrumentationScope(span.scope),
            status=Status(StatusCode[span.status], span.description or None),
            start_time=span.start_ns,
            end_time=span.end_ns,
        )

    def _span(
        self,
        name: str,
        ended: EndedRun | EndedTask | EndedAttempt,
        span_id: int,
        parent_id: int | None,
        attributes: Attributes,
        events: list[Event] | None = None,
    ) -> ReadableSpan:
        trace = self.ids.trace(ended.dag_id, ended.run_id)
        return ReadableSpan(
            name,
            _context(trace, span_id),
            None if parent_id is None else _context(trace, parent_id),
            self._resource,
            {key: value for key, value in attributes.items() if value not in (None, "")},
            events or [],
            kind=SpanKind.INTERNAL,
            instrumentation_scope=_SCOPE,
            status=_status(ended.state, ended.reason),
            start_time=nanoseconds(ended.began),
            end_time=nanoseconds(max(ended.began, ended.ended)),
        )


def _run(ended: EndedRun | EndedTask | EndedAttempt) -> dict[str, Any]:
    return {"dirigent.dag_id": ended.dag_id, "dirigent.run_id": ended.run_id}


def _moments(attempt: EndedAttempt) -> list[Event]:
    """Say within the span when it was claimed and when its code began, and what it raised."""
    known = {"claimed": attempt.claimed_at, "user code began": attempt.start_date}
    events = [Event(name, {}, nanoseconds(at)) for name, at in known.items() if at is not None]
    if attempt.error:
        raised = {
            "exception.type": str(attempt.error.get("type", "")),
            "exception.message": str(attempt.error.get("message", "")),
            "exception.stacktrace": str(attempt.error.get("traceback", "")),
        }
        events.append(Event("exception", raised, nanoseconds(attempt.ended)))
    return events


def _status(state: str, reason: str) -> Status:
    if state in _ILL:
        return Status(StatusCode.ERROR, reason or state)
    return Status(StatusCode.OK if state in _WELL else StatusCode.UNSET)


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def nanoseconds(moment: datetime) -> int:
    """Return an instant as OpenTelemetry counts: from 1970 on."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
