"""What a line of a server's own log is about: run, task and attempt as fields beside the words.

Whoever logs says `extra={...}` with these names; the JSON form and the lines for a collector carry them.
"""

from __future__ import annotations

import logging
from typing import Final

FIELDS: Final = ("dag_id", "run_id", "task_id", "path", "attempt_id", "try_number", "worker", "state")


def fields_of(record: logging.LogRecord) -> dict[str, str | int]:
    """Return those that a record carries; empty ones are left out."""
    found = ((name, getattr(record, name, None)) for name in FIELDS)
    return {name: value for name, value in found if value not in (None, "")}
