"""When the next scheduled run of a DAG is due.

Asked again at every creation of a run and at every parse; nothing is remembered here. `last` is the newest
run that the schedule created (runs by hand do not count), and what comes next is strictly after it.

Without catchup only the newest instant that is due is made up for, so ask again at the moment of creation:
what was next may have been overtaken meanwhile. With catchup every instant since `start` comes, one by one. A
DAG without a start_date starts with the first instant after it was first seen.

How cron expressions treat clocks that are put forward and back stands in `core.cron`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from scheduler.clock import parse_instant
from scheduler.core.cron import read_cron, read_zone
from scheduler.errors import BadSchedule
from scheduler.wire import DagSpec, ScheduleSpec

_MOMENT: Final = timedelta(microseconds=1)
_SHORTEST_S: Final = 0.001
_LONGEST_S: Final = 100 * 365.25 * 24 * 3600
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


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


class _Instants(Protocol):
    """A row of instants in time, strictly rising."""

    def next_after(self, instant: datetime) -> datetime | None:
        """Return the first one strictly after `instant`."""

    def last_before(self, instant: datetime) -> datetime | None:
        """Return the last one strictly before `instant`."""


def next_due(
    schedule: ScheduleSpec,
    *,
    timezone: str,
    start: datetime | None,
    end: datetime | None,
    catchup: bool,
    last: Due | None,
    now: datetime,
) -> Due | None:
    """Return the next run of a schedule, which may be due already, or None when there will be none.

    `start` and `end` bound the logical date and belong to it. `continuous`: the caller creates the run only
    once the last one has ended. Raises BadSchedule as `check_schedule` does.
    """
    asked = _Asked(start=start, end=end, catchup=catchup, last=last, now=now.astimezone(UTC))
    due = _KINDS[schedule.kind](schedule, timezone, asked)
    return None if due is None or (end is not None and due.logical_date > end) else due


def following(spec: DagSpec, last: Due | None, now: datetime) -> Due | None:
    """Return the run of a DAG that is due after `last`, or its first one, as `next_due` does."""
    return next_due(
        spec.schedule,
        timezone=spec.timezone,
        start=parse_instant(spec.start_date) if spec.start_date else None,
        end=parse_instant(spec.end_date) if spec.end_date else None,
        catchup=spec.catchup,
        last=last,
        now=now,
    )


def check_schedule(schedule: ScheduleSpec, *, timezone: str) -> None:
    """Raise BadSchedule for a zone, expression or period that cannot be; the message names it."""
    read_zone(timezone)
    if schedule.kind in ("cron", "cron_interval"):
        read_cron(schedule.cron or "", timezone)
    if schedule.kind in ("delta", "delta_interval"):
        _Steps.read(schedule, None)


def _none(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    return None


def _once(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    return None if asked.last else _at(asked.start or asked.now)


def _continuous(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    began = asked.last.run_at if asked.last else None
    run_at = max(each for each in (asked.now, asked.start, began and began + _MOMENT) if each is not None)
    return Due(run_at, run_at, began or asked.start or run_at, run_at)


def _cron(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    return _next_instant(read_cron(schedule.cron or "", timezone), asked)


def _cron_interval(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    return _next_interval(read_cron(schedule.cron or "", timezone), asked)


def _delta(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    return _next_instant(_Steps.read(schedule, asked.start), asked)


def _delta_interval(schedule: ScheduleSpec, timezone: str, asked: _Asked) -> Due | None:
    return _next_interval(_Steps.read(schedule, asked.start), asked)


_KINDS: Final[Mapping[str, Callable[[ScheduleSpec, str, _Asked], Due | None]]] = {
    "none": _none,
    "once": _once,
    "continuous": _continuous,
    "cron": _cron,
    "cron_interval": _cron_interval,
    "delta": _delta,
    "delta_interval": _delta_interval,
}


def _next_instant(instants: _Instants, asked: _Asked) -> Due | None:
    """Runs at instants: the logical date is the instant, the interval is empty."""
    first = _first(instants, asked, asked.last.run_at if asked.last else None)
    if first is None:
        return None
    if asked.catchup or first > asked.now:
        return _at(first)
    return _at(max(first, instants.last_before(asked.now + _MOMENT) or first))


def _next_interval(instants: _Instants, asked: _Asked) -> Due | None:
    """Runs at the ends of intervals: the logical date is the start of the interval."""
    began = _first_interval(instants, asked)
    if began is None:
        return None
    newest = None if asked.catchup else _newest_start(instants, asked.now)
    began = max(began, newest) if newest else began
    ended = instants.next_after(began)
    return Due(ended, began, began, ended) if ended else None


def _first(instants: _Instants, asked: _Asked, after: datetime | None) -> datetime | None:
    """Return the first instant after `after`, not before the start of the schedule."""
    bounds = [asked.start - _MOMENT] if asked.start else []
    bounds += [after] if after else []
    return instants.next_after(max(bounds, default=asked.now))


def _first_interval(instants: _Instants, asked: _Asked) -> datetime | None:
    """Return where the next interval starts; without a start it is the one in progress."""
    if asked.last:
        return _first(instants, asked, asked.last.interval_end - _MOMENT)
    if asked.start:
        return _first(instants, asked, None)
    return instants.last_before(asked.now + _MOMENT) or instants.next_after(asked.now)


def _newest_start(instants: _Instants, now: datetime) -> datetime | None:
    """Return the start of the newest interval that has ended."""
    ended = instants.last_before(now + _MOMENT)
    return instants.last_before(ended) if ended else None


def _at(instant: datetime) -> Due:
    moment = instant.astimezone(UTC)
    return Due(moment, moment, moment, moment)


@dataclass(frozen=True, slots=True)
class _Steps:
    """Instants at equal distances, counted in UTC from `anchor`, which is the first of them."""

    anchor: datetime
    step: timedelta

    @classmethod
    def read(cls, schedule: ScheduleSpec, start: datetime | None) -> _Steps:
        """Count from `start`, or from 1970-01-01 00:00 UTC, so that a day's steps begin at midnight."""
        seconds = schedule.delta_s or 0.0
        if not _SHORTEST_S <= seconds <= _LONGEST_S:
            raise BadSchedule(
                f"A period of {schedule.delta_s!r} seconds is not possible: use 1 ms to 100 years."
            )
        return cls((start or _EPOCH).astimezone(UTC), timedelta(seconds=seconds))

    def next_after(self, instant: datetime) -> datetime:
        if instant < self.anchor:
            return self.anchor
        return self.anchor + ((instant - self.anchor) // self.step + 1) * self.step

    def last_before(self, instant: datetime) -> datetime | None:
        if instant <= self.anchor:
            return None
        return self.anchor + ((instant - self.anchor - _MOMENT) // self.step) * self.step
