"""The last 24 hours in half hours: how many runs ended well, how many did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.store.views.home import EndedRun

STEP = timedelta(minutes=30)
STEPS = 48


@dataclass(frozen=True, slots=True)
class HalfHour:
    """One bar of the picture; `ok` and `bad` are counts, `*_part` their share of the highest bar."""

    start: datetime
    ok: int
    bad: int
    ok_part: float
    bad_part: float


@dataclass(frozen=True, slots=True)
class Day:
    """The picture and its sums."""

    bars: tuple[HalfHour, ...]
    total: int
    good_percent: float | None


def since(now: datetime) -> datetime:
    """Return when the picture begins: 48 whole half hours, the present one included."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + STEP * ((now - midnight) // STEP - STEPS + 1)


def draw(ended: Sequence[EndedRun], start: datetime) -> Day:
    """Sort runs into half hours."""
    counts = [[0, 0] for _ in range(STEPS)]
    for run in ended:
        place = min(STEPS - 1, max(0, (run.end_date - start) // STEP))
        counts[place][run.state != "success"] += 1
    most = max(1, *(ok + bad for ok, bad in counts))
    bars = tuple(
        HalfHour(start + STEP * n, ok, bad, ok / most, bad / most) for n, (ok, bad) in enumerate(counts)
    )
    total, good = len(ended), sum(ok for ok, _ in counts)
    return Day(bars, total, 100 * good / total if total else None)
