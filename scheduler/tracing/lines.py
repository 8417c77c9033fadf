"""Lines of logs on their way to a collector: those of attempts, as they appear, and those of the server itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Final

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.trace import TraceFlags

from scheduler.log_fields import fields_of
from scheduler.logs.lines import DIRIGENT, LogLine, decode_lines, encode_line
from scheduler.logs.sink import Copy
from scheduler.tracing.ids import TraceIds
from scheduler.tracing.spans import nanoseconds
from scheduler.wire import Job

PAUSE_S: Final = 0.5
CLOSE_S: Final = 5.0
#: Of one attempt; the log itself has the rest.
ATTEMPT_BYTES: Final = 1_000_000
#: Of all attempts together that wait to be sent; beyond it lines are left out.
MOST_WAITING_BYTES: Final = 32_000_000
_SEVERITY: Final = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
#: Who speaks while something is sent.
_ON_THE_WAY: Final = ("opentelemetry", "urllib3", "requests")
#: The message, and the traceback below it.
_FORM: Final = logging.Formatter("%(message)s")
_CUT: Final = "What follows is not sent: this log is longer than a collector is given of one attempt."


class Lines:
    """Sends lines; whoever writes them never waits for it. `now` stamps what carries no time."""

    def __init__(self, ids: TraceIds, provider: LoggerProvider, now: Callable[[], datetime]) -> None:
        self._ids = ids
        self._provider = provider
        self._now = now
        self._logger = provider.get_logger("dirigent.attempt")
        self._pieces: SimpleQueue[tuple[Job, bytes]] = SimpleQueue()
        self._waiting_bytes = 0
        self._lock = Lock()
        self._is_closing = Event()
        self._thread = Thread(target=self._send_until_closed, name="dirigent-log-lines", daemon=True)
        self._handler = _OwnLines(provider.get_logger("dirigent.server"))

    def start(self) -> None:
        """Begin to send; from now on the server's own log goes too."""
        logging.getLogger().addHandler(self._handler)
        self._thread.start()

    def close(self) -> None:
        """Send what waits, as far as the collector takes it within five seconds."""
        logging.getLogger().removeHandler(self._handler)
        self._is_closing.set()
        self._thread.join(CLOSE_S)
        self._provider.force_flush(int(CLOSE_S * 1000))
        self._provider.shutdown()

    def copy_of(self, job: Job, inner: Copy | None) -> Copy:
        """Return what gets the lines of an attempt; `inner` gets them all, too."""
        return _Tee(lambda data: self._take(job, data), inner, self._now)

    def _take(self, job: Job, data: bytes) -> bool:
        with self._lock:
            if self._waiting_bytes > MOST_WAITING_BYTES:
                return False
            self._waiting_bytes += len(data)
        self._pieces.put((job, data))
        return True

    def _send_until_closed(self) -> None:
        while not self._is_closing.wait(PAUSE_S):
            self._send()
        self._send()

    def _send(self) -> None:
        for job, data in self._waiting():
            trace_id = self._ids.trace(job.run.dag_id, job.run.run_id)
            span_id = self._ids.attempt(job.attempt_id)
            for line in decode_lines(data):
                self._logger.emit(self._record(line, job, trace_id, span_id))

    def _waiting(self) -> Iterator[tuple[Job, bytes]]:
        while True:
            try:
                job, data = self._pieces.get_nowait()
            except Empty:
                return
            yield job, data
            with self._lock:
                self._waiting_bytes -= len(data)

    def _record(self, line: LogLine, job: Job, trace_id: int, span_id: int) -> LogRecord:
        attributes: dict[str, str | int] = {
            "dirigent.dag_id": job.run.dag_id,
            "dirigent.run_id": job.run.run_id,
            "dirigent.task_id": job.task_id,
            "dirigent.path": job.path,
            "dirigent.attempt_id": job.attempt_id,
            "dirigent.try_number": job.try_number,
            "log.source": line.source,
            "log.logger": line.logger,
        }
        return LogRecord(
            timestamp=nanoseconds(line.at or self._now()),
            trace_id=trace_id,
            span_id=span_id,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
            severity_text=line.level.upper(),
            severity_number=_SEVERITY.get(line.level, SeverityNumber.UNSPECIFIED),
            body=line.text,
            attributes={key: value for key, value in attributes.items() if value != ""},
        )


class _Tee:
    """A `logs.sink.Copy` that hands lines on to two."""

    def __init__(
        self, send: Callable[[bytes], bool], inner: Copy | None, now: Callable[[], datetime]
    ) -> None:
        self._send = send
        self._now = now
        self._inner = inner
        self._left = ATTEMPT_BYTES

    def write(self, position: int, data: bytes) -> None:
        """Add whole lines."""
        if self._left > 0 and self._send(data):
            self._left -= len(data)
            if self._left <= 0:
                self._send(encode_line(self._now(), "info", DIRIGENT, _CUT))
        if self._inner is not None:
            self._inner.write(position, data)

    def close(self) -> None:
        """Expect no more."""
        if self._inner is not None:
            self._inner.close()


class _OwnLines(logging.Handler):
    """What the server logs; what the way to the collector logs would beget more of itself."""

    def __init__(self, logger: Logger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        if record.name.startswith(_ON_THE_WAY):
            return
        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                severity_text=record.levelname,
                severity_number=_SEVERITY.get(record.levelname.lower(), SeverityNumber.UNSPECIFIED),
                body=_FORM.format(record),
                attributes={
                    "log.source": "server",
                    "log.logger": record.name,
                    **{f"dirigent.{name}": value for name, value in fields_of(record).items()},
                },
            )
        )
