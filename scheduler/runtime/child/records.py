"""Log records of user code: one line each on the output pipe, marked so that level and logger survive.

The mark is the record separator of RFC 7464; the rest of the line is JSON. One pipe for prints and records
keeps them in
order. What cannot be read as a record is shown as the text that it is.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Final

MARK: Final = "\x1e"
#: Characters of one record; the supervisor cuts again, after masking.
_LIMIT: Final = 50_000
_LEVELS: Final = ("debug", "info", "warning", "error", "critical")


class RecordWriter(logging.Handler):
    """Writes records to a descriptor of its own, so that they arrive after user code closed stdout."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self.fd = fd

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; an output pipe that is closed loses it silently."""
        try:
            os.write(self.fd, _line(record, self.format(record)))
        except OSError:
            return
        except Exception:  # noqa: BLE001 - logging's own rule: a bad record must not stop the task
            self.handleError(record)


def _line(record: logging.LogRecord, text: str) -> bytes:
    data: dict[str, str | bool] = {
        "level": _level(record.levelno),
        "logger": record.name,
        "text": text[:_LIMIT],
    }
    if len(text) > _LIMIT:
        data["cut"] = True
    return f"{MARK}{json.dumps(data, ensure_ascii=False)}\n".encode(errors="replace")


def _level(number: int) -> str:
    """Return the standard level that a level of any number belongs to."""
    return _LEVELS[min(4, max(0, number // 10 - 1))]


def install(fd: int) -> None:
    """Send all records to `fd`, from INFO on unless user code chose a level; replaces handlers that print.

    Where that was done before the fork, only the descriptor is another one.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, RecordWriter):
            handler.fd = fd
            return
        if _prints(handler):
            root.removeHandler(handler)
    root.addHandler(RecordWriter(fd))
    if root.level == logging.WARNING:
        root.setLevel(logging.INFO)


def _prints(handler: logging.Handler) -> bool:
    printing = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return isinstance(handler, logging.StreamHandler) and handler.stream in printing
