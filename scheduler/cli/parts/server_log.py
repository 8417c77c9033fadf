"""The servers' own log, on standard error: lines for people, or JSON for programs (`log_format`)."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from typing import Final

from scheduler.config import Settings
from scheduler.log_fields import fields_of
from scheduler.logs.terminal import safe, safe_json

TEXT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
#: Libraries that tell more than an operator wants to read.
_QUIET: Final = ("apscheduler", "celery", "kombu", "waitress", "watchfiles", "amqp")


class TextLines(logging.Formatter):
    """Lines for people. What is told of a DAG file may hold its text, which does nothing to their terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        return safe(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a line: when, how grave, who, what, about which run, task and attempt."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
            "pid": os.getpid(),
            "thread": record.threadName,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return safe_json(json.dumps(line, ensure_ascii=False, default=str))


def begin_log(settings: Settings) -> None:
    """Log to standard error from now on, as the settings say."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines(TEXT))
    logging.basicConfig(level=settings.log_level, handlers=[handler])
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
