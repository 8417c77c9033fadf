"""Charts of steps of time, as shares of their height: the template draws them, and lists their values as a table."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scheduler.core.delays import percentile_s
from scheduler.core.spans import floor

#: What a chart of delays begins with, in seconds: the first bucket.
_LEAST_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class Column:
    """A step: how many went well and how many did not, and both as shares of the highest column."""

    at: datetime
    good: int
    bad: int
    good_part: float
    bad_part: float


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of counts."""

    items: tuple[Column, ...]
    good: int
    bad: int
    most: int


def columns(counts: Sequence[tuple[datetime, int, int]]) -> Columns:
    """Draw counts of good and bad by step."""
    most = max((good + bad for _, good, bad in counts), default=0)
    scale = max(1, most)
    items = tuple(Column(at, good, bad, good / scale, bad / scale) for at, good, bad in counts)
    return Columns(items, sum(each.good for each in items), sum(each.bad for each in items), most)


@dataclass(frozen=True, slots=True)
class Reach:
    """A step: what half of the delays and all but a hundredth did not exceed, and where those stand on the scale."""

    at: datetime
    count: int
    median_s: float
    p99_s: float
    median_part: float
    p99_part: float


@dataclass(frozen=True, slots=True)
class Reaches:
    """A chart of delays on a logarithmic scale, and the percentiles of all of them together."""

    step_count: int
    items: tuple[tuple[int, Reach], ...]  #: with the place of the step
    count: int
    median_s: float | None
    p99_s: float | None
    most_s: float


def reaches(starts: Sequence[datetime], delays: Mapping[datetime, Counter[int]]) -> Reaches:
    """Draw delays, given in buckets, by step; steps without any are left out."""
    known = {
        at: (percentile_s(counts, 0.5) or 0.0, percentile_s(counts, 0.99) or 0.0)
        for at, counts in delays.items()
    }
    most_s = max((p99_s for _, p99_s in known.values()), default=_LEAST_S)
    items = tuple(
        (place, Reach(at, delays[at].total(), *known[at], *(_part(s, most_s) for s in known[at])))
        for place, at in enumerate(starts)
        if at in known
    )
    total: Counter[int] = sum(delays.values(), Counter())
    return Reaches(
        len(starts), items, total.total(), percentile_s(total, 0.5), percentile_s(total, 0.99), most_s
    )


def _part(seconds: float, most_s: float) -> float:
    """Return the share of the height, from a tenth for a millisecond on."""
    width = math.log(most_s / _LEAST_S)
    share = math.log(max(seconds, _LEAST_S) / _LEAST_S) / width if width > 0 else 1.0
    return min(1.0, 0.1 + 0.9 * share)


def by_step(delays: Mapping[datetime, Counter[int]], step_s: int) -> dict[datetime, Counter[int]]:
    """Put what was read by minute, hour or day together into the steps of a chart."""
    found: dict[datetime, Counter[int]] = {}
    for at, counts in delays.items():
        found.setdefault(floor(at, step_s), Counter()).update(counts)
    return found
