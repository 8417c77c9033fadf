"""Tells a collector of what ended: a thread reads what the commits of this process were about, and sends spans.

Nobody waits for it. What a collector does not take in time, and what the process had not told when it was killed, is
not told at all: a trace may lack spans, the database never does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from scheduler.core.states import FINISHED, RUN_FINISHED, AttemptState
from scheduler.errors import BadSpan, DatabaseUnavailable
from scheduler.store.engine import Database, Session
from scheduler.store.views.traces import ended_attempts, ended_runs, ended_tasks
from scheduler.tracing.spans import SpanMaker
from scheduler.tracing.user_spans import read_user_spans
from scheduler.wire import Job

log = logging.getLogger(__name__)

#: Answers a request of a child: `runtime.supervisor`.
Answer = Callable[[Job | None, str, dict[str, Any]], Any]
#: How long ends are gathered before they are read, in seconds.
PAUSE_S: Final = 0.5
#: Read at once.
BATCH: Final = 500
#: Ends that wait to be told of; beyond it the newest are not.
MOST_WAITING: Final = 100_000
CLOSE_S: Final = 5.0
_OPEN: Final = frozenset({AttemptState.QUEUED, AttemptState.RUNNING})


class Traces:
    """Hears of commits (`store.observer.Observer.gathered`), and of spans of user code; from any thread."""

    def __init__(self, db: Database, spans: SpanMaker, processor: SpanProcessor) -> None:
        self._db = db
        self._spans = spans
        self._processor = processor
        self._ended: SimpleQueue[tuple[str, int]] = SimpleQueue()
        self._is_closing = Event()
        self._has_dropped = False
        self._thread = Thread(target=self._tell_until_closed, name="dirigent-traces", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def close(self) -> None:
        """Tell what is known, as far as the collector takes it within five seconds."""
        self._is_closing.set()
        self._thread.join(CLOSE_S)
        self._processor.force_flush(int(CLOSE_S * 1000))
        self._processor.shutdown()

    def heard(self, events: Sequence[Any]) -> None:
        """Note which runs and tasks ended, and attempts that never began, in a transaction that has been committed."""
        for event in events:
            key = _ended(event)
            if key is not None:
                self._note(key)

    def heard_of(self, attempt_ids: Sequence[int]) -> None:
        """Note which attempts ended."""
        for each in attempt_ids:
            self._note(("attempt", each))

    def _note(self, key: tuple[str, int]) -> None:
        if self._has_room():
            self._ended.put(key)

    def take(self, job: Job, found: object) -> None:
        """Pass on spans that the code of an attempt sent. Raises BadSpan."""
        for span in read_user_spans(found):
            self._processor.on_end(self._spans.of_user(span, job.run.dag_id, job.run.run_id))

    def parent_of(self, job: Job) -> dict[str, str]:
        """Return the environment that tells the code of an attempt which span it runs in."""
        return {"TRACEPARENT": self._spans.ids.parent_header(job)}

    def door(self, answer: Answer) -> Answer:
        """Return what answers children as `answer` does, and takes the spans of their code."""
        return SpanDoor(answer, self)

    def _has_room(self) -> bool:
        has_room = self._ended.qsize() < MOST_WAITING
        if not has_room and not self._has_dropped:
            log.warning("Too much ends to tell of in traces: what comes is left out until there is room.")
        self._has_dropped = not has_room
        return has_room

    def _tell_until_closed(self) -> None:
        while not self._is_closing.wait(PAUSE_S):
            self._tell()
        self._tell()

    def _tell(self) -> None:
        while batch := list(islice(iter(self._next, None), BATCH)):
            try:
                with self._db.read() as session:
                    spans = list(self._spans_of(session, batch))
            except DatabaseUnavailable as error:
                log.warning("Traces lack what ended just now: %s", error)
                continue
            for span in spans:
                self._processor.on_end(span)

    def _next(self) -> tuple[str, int] | None:
        try:
            return self._ended.get_nowait()
        except Empty:
            return None

    def _spans_of(self, session: Session, batch: Sequence[tuple[str, int]]) -> list[ReadableSpan]:
        made: list[ReadableSpan] = []
        readers: Mapping[
            str, tuple[Callable[[Session, Collection[int]], list[Any]], Callable[[Any], ReadableSpan]]
        ]
        readers = {
            "attempt": (ended_attempts, self._spans.of_attempt),
            "task": (ended_tasks, self._spans.of_task),
            "run": (ended_runs, self._spans.of_run),
        }
        for kind, (read, make) in readers.items():
            if ids := sorted({number for what, number in batch if what == kind}):
                made += map(make, read(session, ids))
        return made


def _ended(event: Any) -> tuple[str, int] | None:  # noqa: ANN401 - a store.events.Event
    """Return what an event says that it ended, where it does."""
    if event.kind == "attempt.state" and event.attempt_id and event.to_state not in _OPEN:
        return "attempt", event.attempt_id
    if event.kind == "task.state" and event.ti_id and event.to_state in FINISHED:
        return "task", event.ti_id
    if event.kind == "run.state" and event.run_pk and event.to_state in RUN_FINISHED:
        return "run", event.run_pk
    return None


class SpanDoor:
    """Answers children (`runtime.supervisor`'s `answer`), and takes the spans of their code."""

    def __init__(self, answer: Answer, traces: Traces) -> None:
        self._answer = answer
        self._traces = traces

    def __call__(self, job: Job | None, verb: str, args: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Answer one request."""
        if verb != "export_spans":
            return self._answer(job, verb, args)
        if job is None:
            raise BadSpan("A DAG file that is being imported has no span to hang others on.")
        self._traces.take(job, args.get("spans"))
        return None
