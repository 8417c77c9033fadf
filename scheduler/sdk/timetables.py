"""Timetables beyond one rhythm: several crons, listed instants, and those that an author writes himself.

A timetable of the author's own is asked in a child, when its file is parsed, for the runs that come next; no server
ever runs it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from scheduler.errors import BadSchedule
from scheduler.sdk.location import author_line
from scheduler.sdk.schedule import Late, Zone, check_cron, interval_of, late_of
from scheduler.wire import Data, ScheduleSpec


class DataInterval(NamedTuple):
    """The stretch of time that a run is about. Both ends have a time zone."""

    start: datetime
    end: datetime

    @classmethod
    def exact(cls, at: datetime) -> DataInterval:
        """Return the empty interval at an instant."""
        return cls(at, at)


class TimeRestriction(NamedTuple):
    """Within what a timetable may plan: the DAG's start_date and end_date, both included, and its catchup."""

    earliest: datetime | None
    latest: datetime | None
    catchup: bool


class DagRunInfo(NamedTuple):
    """A run that a timetable asks for: when it is to be created, and its data interval."""

    run_after: datetime
    data_interval: DataInterval | None
    partition_date: datetime | None = None
    partition_key: str | None = None

    @classmethod
    def exact(cls, at: datetime) -> DagRunInfo:
        """Return a run at an instant."""
        return cls(at, DataInterval.exact(at))

    @classmethod
    def interval(cls, start: datetime, end: datetime) -> DagRunInfo:
        """Return a run at the end of an interval, whose start is its logical date."""
        return cls(end, DataInterval(start, end))

    @property
    def logical_date(self) -> datetime | None:
        """The start of the interval."""
        return self.data_interval.start if self.data_interval else None


class Timetable:
    """A schedule of one's own: override `next_dagrun_info`, and `infer_manual_data_interval` for runs by hand.

    It is asked again for what follows each run that it named, so the next run must be later than the last. What its
    constructor was given belongs into `serialize`: a DAG whose timetable has other data is planned anew.
    """

    description: str | None = ""
    timezone: Zone | None = None
    periodic: bool = True
    can_be_scheduled: bool = True
    run_ordering: Sequence[str] = ("data_interval_end", "logical_date")
    active_runs_limit: int | None = None

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the run after the last one that this timetable asked for; None: there is none for now."""
        raise NotImplementedError(f"{type(self).__name__} has no next_dagrun_info(); override it.")

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        """Return the interval of a run by hand: the empty one at its instant, unless overridden."""
        return DataInterval.exact(run_after)

    def serialize(self) -> dict[str, Any]:
        """Return what makes it differ from others of its class, as JSON."""
        return {}

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> Timetable:
        """Return the timetable of this data. Dirigent does not call it: files make their timetables themselves."""
        return cls()

    def validate(self) -> None:
        """Raise what is wrong with it; asked when its file is parsed."""

    @property
    def summary(self) -> str:
        """A few words for the page."""
        return type(self).__name__

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        self.validate()
        said = self.description or self.summary
        if not self.can_be_scheduled:
            return ScheduleSpec(said=said)
        kind = type(self)
        own = {"class": f"{kind.__module__}.{kind.__qualname__}", "data": _as_json(self)}
        return ScheduleSpec(kind="own", said=said, own=own)


def _as_json(timetable: Timetable) -> Data:
    data = timetable.serialize()
    try:
        return dict(json.loads(json.dumps(data, allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise BadSchedule(
            f"{author_line()}: serialize() of {type(timetable).__name__} must return a dict of JSON: {error}."
        ) from None


@dataclass(frozen=True, init=False)
class MultipleCronTriggerTimetable:
    """A run at each instant of any of several cron expressions, one where several name the same."""

    crons: tuple[str, ...]
    timezone: Zone | None
    interval: timedelta
    run_immediately: Late

    def __init__(
        self,
        *crons: str,
        timezone: Zone | None = None,
        interval: timedelta = timedelta(0),
        run_immediately: Late = False,
    ) -> None:
        if not crons:
            raise BadSchedule(
                f"{author_line()}: MultipleCronTriggerTimetable wants at least one cron expression."
            )
        for each in crons:
            check_cron(each)
        vars(self).update(crons=crons, timezone=timezone, interval=interval, run_immediately=run_immediately)

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        length, late = interval_of(self.interval), late_of(self.run_immediately)
        return ScheduleSpec(kind="crons", crons=self.crons, interval_s=length, late=late)


@dataclass(frozen=True, init=False)
class EventsTimetable:
    """A run at each instant of a list. `restrict_to_events`: runs by hand are about the newest one that has come."""

    event_dates: tuple[datetime, ...]
    restrict_to_events: bool
    description: str
    timezone: Zone | None = None

    def __init__(
        self,
        event_dates: Iterable[datetime],
        restrict_to_events: bool = False,
        presorted: bool = False,
        description: str | None = None,
    ) -> None:
        dates: tuple[Any, ...] = tuple(event_dates)
        for each in dates:
            if not isinstance(each, datetime) or each.tzinfo is None:
                raise BadSchedule(
                    f"{author_line()}: EventsTimetable: {each!r} is no instant; give datetimes with a time zone."
                )
        ordered = dates if presorted else tuple(sorted(dates))
        vars(self).update(event_dates=ordered, restrict_to_events=restrict_to_events)
        vars(self)["description"] = description or f"{len(ordered)} listed instants"

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        """Return the interval of a run by hand."""
        if not self.restrict_to_events or not self.event_dates:
            return DataInterval.exact(run_after)
        return DataInterval.exact(
            max((each for each in self.event_dates if each <= run_after), default=self.event_dates[0])
        )

    def to_spec(self) -> ScheduleSpec:
        """Return the plain form."""
        events = tuple(each.astimezone(UTC).isoformat() for each in self.event_dates)
        return ScheduleSpec(kind="events", events=events, said=self.description)
