"""What triggers log and print, kept apart by the wait that they belong to."""

from __future__ import annotations

import io
import logging
from collections import defaultdict
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from scheduler.wire import cut

#: The wait that the code at hand works for; tasks and threads that a trigger starts inherit it.
CURRENT_WAIT: Final[ContextVar[int | None]] = ContextVar("dirigent_wait", default=None)
#: Lines of one wait that are kept between two deliveries, and characters of one.
_MOST_LINES: Final = 100
_LONGEST: Final = 1_000


class Lines(logging.Handler):
    """Collects lines. `on_first` is called when there is something to deliver, on the thread that said it."""

    def __init__(self, on_first: Callable[[], None]) -> None:
        super().__init__()
        self._on_first = on_first
        self._kept: defaultdict[int, list[str]] = defaultdict(list)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a log record."""
        self.add(f"{record.levelname}: {self.format(record)}")

    def add(self, text: str) -> None:
        """Keep a line, where a trigger said it."""
        wait_id = CURRENT_WAIT.get()
        if wait_id is None or len(self._kept[wait_id]) >= _MOST_LINES:
            return
        is_first = not any(self._kept.values())
        self._kept[wait_id].append(cut(text, _LONGEST))
        if is_first:
            self._on_first()

    def take(self) -> dict[int, list[str]]:
        """Return what was said since the last time."""
        kept, self._kept = self._kept, defaultdict(list)
        return {wait_id: lines for wait_id, lines in kept.items() if lines}


class Printed(io.TextIOBase):
    """Stands in for stdout and stderr: what is printed is a line of the wait like any other."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._begun: dict[int | None, str] = {}

    def writable(self) -> bool:
        """Say that it takes text."""
        return True

    def write(self, text: str) -> int:
        """Keep the lines that are complete now."""
        wait_id = CURRENT_WAIT.get()
        *ended, rest = (self._begun.pop(wait_id, "") + text).split("\n")
        for line in ended:
            self._lines.add(line)
        if rest:
            self._begun[wait_id] = rest[: _LONGEST + 1]
        return len(text)
