"""One line of a log, and its form in the file: a JSON object a line with time, level, source and text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from scheduler.clock import parse_instant

#: Who speaks when Dirigent itself adds a line.
DIRIGENT: Final = "dirigent"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. `source`: `output` for what was printed, a logger's name, or `dirigent`."""

    at: datetime | None
    level: str
    source: str
    text: str
    is_last: bool = False


def encode_line(at: datetime, level: str, source: str, text: str, *, is_last: bool = False) -> bytes:
    """Return the line as it stands in the file, with its newline."""
    data: dict[str, Any] = {"time": at.isoformat(), "level": level, "source": source, "text": text}
    if is_last:
        data["last"] = True
    return json.dumps(data).encode("ascii") + b"\n"


def decode_lines(data: bytes) -> tuple[LogLine, ...]:
    """Read complete lines; one that is damaged (a full disk cuts anywhere) is shown as it is."""
    return tuple(_decode(line) for line in data.splitlines() if line)


def shown(lines: Iterable[LogLine]) -> str:
    """Return lines as text for a terminal."""
    return "".join(f"{line.at:%H:%M:%S} {line.text}\n" if line.at else f"{line.text}\n" for line in lines)


def _decode(line: bytes) -> LogLine:
    try:
        data = json.loads(line)
        at = parse_instant(data["time"])
        return LogLine(at, data["level"], data["source"], data["text"], data.get("last", False))
    except (ValueError, KeyError, TypeError):
        return LogLine(None, "info", "", line.decode(errors="replace"))
