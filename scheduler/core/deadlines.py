"""By when a run is to have succeeded. What its DAG asks for is data of `sdk.deadlines`, checked by `check_deadline`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from scheduler.clock import parse_instant
from scheduler.errors import BadDag
from scheduler.wire import Data

#: Counted with every run of the DAG.
MOST: Final = 20
_LONGEST_S: Final = 100 * 365 * 24 * 3600
_MOST_RUNS: Final = 1000
AVERAGE: Final = "average_runtime"
#: A reference of the author's own, which a child is asked for each run.
OWN: Final = "own"
#: States of deadlines for which there is something to be done when they are due.
_OPEN: Final = ("waits", "asks")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a deadline may be counted from. `mean_s`: how long runs took, by how many were to be looked at."""

    logical_date: datetime | None
    queued_at: datetime
    mean_s: dict[tuple[int, int], float | None]


def check_deadline(data: Data) -> None:
    """Raise BadDag for what `due_at` could not count."""
    interval_s, reference = data.get("interval_s"), data.get("reference")
    if (
        not isinstance(interval_s, int | float)
        or not math.isfinite(interval_s)
        or abs(interval_s) > _LONGEST_S
    ):
        raise BadDag(f"A deadline has interval={interval_s!r} s; give a timedelta of at most 100 years.")
    if reference == "fixed":
        parse_instant(data["at"])
    elif reference == AVERAGE:
        least, most = data["min_runs"], data["max_runs"]
        if not all(type(each) is int for each in (least, most)) or not 1 <= least <= most <= _MOST_RUNS:
            raise BadDag(f"A deadline looks at {least!r} to {most!r} runs; it can be 1 to {_MOST_RUNS}.")
    elif reference not in ("logical_date", "queued_at", OWN):
        raise BadDag(f"A deadline is counted from {reference!r}, which nobody knows.")


def due_at(data: Data, facts: Facts) -> datetime | None:
    """Return the instant, None where there is nothing to count from; where it is to be asked for, that of asking."""
    if data["reference"] == OWN:
        return facts.queued_at
    begin = _begin(data, facts)
    return None if begin is None else begin + timedelta(seconds=data["interval_s"])


def _begin(data: Data, facts: Facts) -> datetime | None:
    match data["reference"]:
        case "logical_date":
            return facts.logical_date
        case "queued_at":
            return facts.queued_at
        case "fixed":
            return parse_instant(data["at"])
        case _:
            mean_s = facts.mean_s.get((data["min_runs"], data["max_runs"]))
            return None if mean_s is None else facts.queued_at + timedelta(seconds=mean_s)


@dataclass(frozen=True, slots=True)
class Deadline:
    """One of a run: its place among those of its DAG, and whether it waits, was met, or was missed.

    One that its author's own reference tells `asks` first, is `asked` until that has answered with an instant, and is
    `none` where it answered with none, `unknown` where it failed; `at` is when the run was created until then.
    """

    place: int
    name: str
    at: datetime
    state: str = "waits"

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to judge it."""
        return self.state in _OPEN and self.at <= now

    def judged(self, succeeded_at: datetime | None) -> str:
        """Return its state, of a run that succeeded at this instant or has not succeeded yet."""
        if self.state == "asks":
            return "asked"
        return "met" if succeeded_at is not None and succeeded_at <= self.at else "missed"


def deadlines_of(wanted: tuple[Data, ...], facts: Facts) -> tuple[Deadline, ...]:
    """Return those of a run whose DAG asks for these."""
    found = ((place, data, due_at(data, facts)) for place, data in enumerate(wanted))
    return tuple(
        Deadline(
            place,
            data.get("name") or f"deadline {place + 1}",
            at,
            "asks" if data["reference"] == OWN else "waits",
        )
        for place, data, at in found
        if at is not None
    )


def next_at(deadlines: tuple[Deadline, ...]) -> datetime | None:
    """Return when there is something to be done for one of them."""
    return min((each.at for each in deadlines if each.state in _OPEN), default=None)
