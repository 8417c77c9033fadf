"""Which lines of a log somebody wants to see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scheduler.logs.lines import LEVELS, LogLine


@dataclass(frozen=True, slots=True)
class Selection:
    """Lines from a level on, of some sources, of a logger and those below it; what is empty asks for all."""

    level: str = ""
    sources: frozenset[str] = frozenset()
    logger: str = ""

    def of(self, lines: Iterable[LogLine]) -> list[LogLine]:
        """Return those of the lines that are wanted."""
        return [line for line in lines if self.has(line)]

    def has(self, line: LogLine) -> bool:
        """Say whether a line is wanted."""
        if _rank(line.level) < _rank(self.level or LEVELS[0]):
            return False
        if self.sources and line.source not in self.sources:
            return False
        return not self.logger or f"{line.logger}.".startswith(f"{self.logger}.")


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("info")
