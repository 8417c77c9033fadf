"""When the next scheduled run of a DAG is due.

Asked again at every creation of a run and at every parse; nothing is remembered here. `last` is the newest
run that the schedule created (runs by hand do not count), and what comes next is strictly after it.

Without catchup only the newest instant that is due is made up for, so ask again at the moment of creation:
what was next may have been overtaken meanwhile. With catchup every instant since `start` comes, one by one. A
DAG without a start_date starts with the first instant after it was first seen.

A timetable of the author's own is asked in a child, at each parse, for the runs that come next; here they are taken as
they were planned (`planned`).

How cron expressions treat clocks that are put forward and back stands in `core.cron`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from scheduler.clock import parse_instant
from scheduler.core.cron import read_zone
from scheduler.core.moments import LONGEST_S, MOMENT, Instants, has_instants, instants_of
from scheduler.errors import BadSchedule
from scheduler.wire import DagSpec, ScheduleSpec

#: A tenth of the way to the next instant, but at least this: what counts as hardly late.
_AT_LEAST_LATE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Due:
    """A run to create at `run_at`, or created then. All instants in UTC."""

    run_at: datetime
    logical_date: datetime
    interval_start: datetime
    interval_end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What `next_due` was asked."""

    start: datetime | None
    end: datetime | None
    catchup: bool
    last: Due | None
    now: datetime
    planned: Sequence[Due] = ()


def next_due(
    schedule: ScheduleSpec,
    *,
    timezone: str,
    start: datetime | None,
    end: datetime | None,
    catchup: bool,
    last: Due | None,
    now: datetime,
    planned: Sequence[Due] = (),
) -> Due | None:
    """Return the next run of a schedule, which may be due already, or None when there will be none.

    `start` and `end` bound the logical date and belong to it. `continuous`: the caller creates the run only
    once the last one has ended. Raises BadSchedule as `check_schedule` does.
    """
    asked = _Asked(start=start, end=end, catchup=catchup, last=last, now=now.astimezone(UTC), planned=planned)
    due = _KINDS[schedule.kind](schedule, timezone, asked)
    return None if due is None or (end is not None and due.logical_date > end) else due


def following(spec: DagSpec, last: Due | None, now: datetime, planned: Sequence[Due] = ()) -> Due | None:
    """Return the run of a DAG that is due after `last`, or its first one, as `next_due` does."""
    return next_due(
        spec.schedule,
        timezone=spec.timezone,
        start=parse_instant(spec.start_date) if spec.start_date else None,
        end=parse_instant(spec.end_date) if spec.end_date else None,
        catchup=spec.catchup,
        last=last,
        now=now,
        planned=planned,
    )


def interval_by_hand(spec: DagSpec, at: datetime) -> tuple[datetime, datetime]:
    """Return the data interval of a run by hand: of a schedule of intervals, the newest that has ended.

    What a timetable of the author's own says of it is asked where the run's tasks run.
    """
    schedule, instant = spec.schedule, at.astimezone(UTC)
    if schedule.kind not in ("cron_interval", "delta_interval"):
        return instant - length_of(schedule), instant
    start = parse_instant(spec.start_date) if spec.start_date else None
    instants = instants_of(schedule, spec.timezone, start)
    ended = instants.last_before(instant + MOMENT)
    began = instants.last_before(ended) if ended else None
    return (began, ended) if began and ended else (instant, instant)


def check_schedule(schedule: ScheduleSpec, *, timezone: str) -> None:
    """Raise BadSchedule for a zone, expression or period that cannot be; the message names it."""
    read_zone(timezone)
    if has_instants(schedule):
        instants_of(schedule, timezone, None)
    if not 0 <= (schedule.interval_s or 0) <= LONGEST_S:
        raise BadSchedule(
            f"An interval of {schedule.interval_s!r} seconds is not possible: use 0 to 100 years."
        )


def _none(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    return None


def _once(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    return None if asked.last else due_at(asked.start or asked.now)


def _continuous(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    began = asked.last.run_at if asked.last else None
    run_at = max(each for each in (asked.now, asked.start, began and began + MOMENT) if each is not None)
    return Due(run_at, run_at, began or asked.start or run_at, run_at)


def _by_instants(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    return _next_instant(instants_of(schedule, timezone, asked.start), schedule, asked)


def _by_intervals(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    return _next_interval(instants_of(schedule, timezone, asked.start), asked)


def _as_planned(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    """Return the first run of the plan that is not made yet; without catchup the newest of those that are due."""
    after = asked.last.run_at if asked.last else None
    later = [each for each in asked.planned if after is None or each.run_at > after]
    due = [] if asked.catchup else [each for each in later if each.run_at <= asked.now]
    return due[-1] if due else next(iter(later), None)


_KINDS: Final[Mapping[str, Callable[[ScheduleSpec, str, _Asked], Due | None]]] = {
    "none": _none,
    "once": _once,
    "continuous": _continuous,
    "cron": _by_instants,
    "cron_interval": _by_intervals,
    "crons": _by_instants,
    "delta": _by_instants,
    "delta_interval": _by_intervals,
    "events": _by_instants,
    "own": _as_planned,
}


def _next_instant(instants: Instants, schedule: ScheduleSpec, asked: _Asked) -> Due | None:
    """Runs at instants: the logical date is the instant, or the start of the interval that ends there."""
    first = _first(instants, asked, asked.last.run_at if asked.last else None)
    if asked.last is None and asked.start is None and schedule.late is not None:
        first = _newest_if_late(instants, schedule.late, asked.now) or first
    if first is None:
        return None
    if not asked.catchup and first <= asked.now:
        first = max(first, instants.last_before(asked.now + MOMENT) or first)
    return due_at(first, length_of(schedule))


def _newest_if_late(instants: Instants, late: float | str, now: datetime) -> datetime | None:
    """Return the newest instant that has come, where it is no older than `late` allows."""
    newest = instants.last_before(now + MOMENT)
    if newest is None:
        return None
    if isinstance(late, str):
        gap = (instants.next_after(newest) or now) - newest
        return newest if now - newest <= max(gap / 10, _AT_LEAST_LATE) else None
    return newest if (now - newest).total_seconds() <= late else None


def _next_interval(instants: Instants, asked: _Asked) -> Due | None:
    """Runs at the ends of intervals: the logical date is the start of the interval."""
    began = _first_interval(instants, asked)
    if began is None:
        return None
    newest = None if asked.catchup else _newest_start(instants, asked.now)
    began = max(began, newest) if newest else began
    ended = instants.next_after(began)
    return Due(ended, began, began, ended) if ended else None


def _first(instants: Instants, asked: _Asked, after: datetime | None) -> datetime | None:
    """Return the first instant after `after`, not before the start of the schedule."""
    bounds = [asked.start - MOMENT] if asked.start else []
    bounds += [after] if after else []
    return instants.next_after(max(bounds, default=asked.now))


def _first_interval(instants: Instants, asked: _Asked) -> datetime | None:
    """Return where the next interval starts; without a start it is the one in progress."""
    if asked.last:
        return _first(instants, asked, asked.last.interval_end - MOMENT)
    if asked.start:
        return _first(instants, asked, None)
    return instants.last_before(asked.now + MOMENT) or instants.next_after(asked.now)


def _newest_start(instants: Instants, now: datetime) -> datetime | None:
    """Return the start of the newest interval that has ended."""
    ended = instants.last_before(now + MOMENT)
    return instants.last_before(ended) if ended else None


def length_of(schedule: ScheduleSpec) -> timedelta:
    """Return how long before a run at an instant its interval begins, which names its logical date."""
    return timedelta(seconds=schedule.interval_s or 0.0)


def due_at(instant: datetime, length: timedelta = timedelta(0)) -> Due:
    """Return the run at an instant."""
    moment = instant.astimezone(UTC)
    return Due(moment, moment - length, moment - length, moment)
