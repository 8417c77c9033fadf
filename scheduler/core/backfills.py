"""Backfills: which runs a range of the past has, in its order, and what becomes of one that is there already.

Instants are asked for one after the other, from the last one on: a range is never written out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Final

from scheduler.clock import parse_instant
from scheduler.core.cron import read_zone
from scheduler.core.moments import MOMENT, Instants, has_instants, instants_of
from scheduler.core.states import RUN_FINISHED, RunState
from scheduler.core.timetables import Due, due_at, length_of
from scheduler.wire import DagSpec

_DAY: Final = timedelta(days=1)
#: Of earlier instants no zone can tell the one before.
_EARLIEST: Final = datetime(1, 1, 3, tzinfo=UTC)


class Reprocess(StrEnum):
    """What a backfill does with dates that have a run; the names are Airflow's."""

    #: Leaves every run as it is.
    NONE = "none"
    #: Has those that failed run again.
    FAILED = "failed"
    #: Has those that ended run again, however they ended.
    COMPLETED = "completed"


class Fate(StrEnum):
    """What a backfill does about a date."""

    CREATE = "create"
    RERUN = "rerun"
    #: Its run has ended, and is not to run again.
    LEAVE = "leave"
    #: Its run waits or runs already.
    IN_FLIGHT = "in_flight"


@dataclass(frozen=True, slots=True)
class Range:
    """Logical dates from one to another, both included; `backwards`: the newest comes first."""

    start: datetime
    end: datetime
    backwards: bool = False


def is_periodic(spec: DagSpec) -> bool:
    """Tell whether the schedule of a DAG names instants of the past."""
    return has_instants(spec.schedule)


def looks_back(spec: DagSpec) -> tuple[str, ...]:
    """Return the tasks that wait for the run before theirs."""
    return tuple(each.task_id for each in spec.tasks if each.depends_on_past or each.wait_for_downstream)


def dues(spec: DagSpec, wanted: Range, now: datetime, after: datetime | None = None) -> Iterator[Due]:
    """Yield the runs of a range in its order that are due by `now`: those beyond the logical date `after`, or all.

    The schedule must be periodic. Where the DAG begins and ends counts for its schedule, not for a backfill.
    """
    begins = parse_instant(spec.start_date) if spec.start_date else None
    instants = instants_of(spec.schedule, spec.timezone, begins)
    is_of_intervals = spec.schedule.kind in ("cron_interval", "delta_interval")
    ahead = timedelta(0) if is_of_intervals else length_of(spec.schedule)
    found = (
        _due(instants, each, ahead, is_of_intervals) for each in _steps(instants, wanted, now, after, ahead)
    )
    if wanted.backwards:
        return (due for due in found if due is not None and due.run_at <= now)
    return (due for due in takewhile(lambda due: due is not None and due.run_at <= now, found) if due)


def _steps(
    instants: Instants, wanted: Range, now: datetime, after: datetime | None, ahead: timedelta
) -> Iterator[datetime]:
    """Yield the instants whose logical dates, `ahead` of them, lie in the range."""
    first, last = max(wanted.start, _EARLIEST) + ahead, min(wanted.end, now) + ahead
    if wanted.backwards:
        at = instants.last_before(last + MOMENT if after is None else after + ahead)
        while at is not None and at >= first:
            yield at
            at = instants.last_before(at)
        return
    at = instants.next_after(first - MOMENT if after is None else after + ahead)
    while at is not None and at <= last:
        yield at
        at = instants.next_after(at)


def _due(instants: Instants, at: datetime, length: timedelta, is_of_intervals: bool) -> Due | None:
    if not is_of_intervals:
        return due_at(at, length)
    ended = instants.next_after(at)
    return None if ended is None else Due(ended, at, at, ended)


def fate_of(reprocess: Reprocess, existing: RunState | None) -> Fate:
    """Return what becomes of a date whose run is in this state; None: it has none."""
    if existing is None:
        return Fate.CREATE
    if existing not in RUN_FINISHED:
        return Fate.IN_FLIGHT
    again = reprocess is Reprocess.COMPLETED or (
        reprocess is Reprocess.FAILED and existing is RunState.FAILED
    )
    return Fate.RERUN if again else Fate.LEAVE


def read_bound(text: str, timezone: str, *, is_end: bool = False) -> datetime:
    """Read one end of a range: an instant; without an offset by the clock of a zone; a day alone is all of it.

    Raises ValueError that names the text.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        if at.tzinfo is None:
            at = at.replace(tzinfo=read_zone(timezone))
        if is_end and at.timetz().replace(tzinfo=None) == time() and len(text.strip()) <= len("2026-11-22"):
            at += _DAY - MOMENT
        return parse_instant(at.isoformat())
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text[:40]!r} is no date: write 2026-11-22, 2026-11-22T06:00 by the clock of {timezone}, "
            "or an instant with an offset"
        ) from None
