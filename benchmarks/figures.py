"""How figures are printed: median, min and max, beside the floor that was measured in the same run."""

from __future__ import annotations

import platform
import sqlite3
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from os import cpu_count


@dataclass(frozen=True, slots=True)
class Figure:
    """Measured values of one thing; `floor` is the least that the machine would take for the same."""

    name: str
    values: Sequence[float]
    unit: str
    floor: float | None = None

    def __str__(self) -> str:
        middle = statistics.median(self.values)
        shown = (
            f"{self.name:44} {middle:9.3f} {self.unit:5} ({min(self.values):.3f} - {max(self.values):.3f})"
        )
        if not self.floor:
            return shown
        return f"{shown}  floor {self.floor:.3f} {self.unit}, ratio {middle / self.floor:.1f}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def show(*figures: Figure) -> None:
    """Print figures."""
    for figure in figures:
        print(figure, flush=True)


def show_ratio(peer: str, ours: Figure, theirs: Figure) -> None:
    """Print how many times as long a peer takes, median by median."""
    own, other = statistics.median(ours.values), statistics.median(theirs.values)
    print(
        f"{ours.name:44} {own:9.3f} {ours.unit}, {peer} {other:.3f} {ours.unit}: {other / own:.0f} times",
        flush=True,
    )


def show_machine(database: str, broker: str) -> None:
    """Print what the figures were measured on: cores and versions, no names."""
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    print(f"{cpu_count()} cores, {versions}; database {database}, broker {broker}\n", flush=True)
