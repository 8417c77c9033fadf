"""Operators that choose which of the tasks after them follow: by date, by day of the week, or as you say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from scheduler.errors import BadDag
from scheduler.operators.python import follow_branch
from scheduler.sdk.arguments import bad_argument, read_instant
from scheduler.sdk.context import Context, current_clock
from scheduler.sdk.location import author_line
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.weekday import WeekDays, read_week_days

Branch = str | Iterable[str]


class BaseBranchOperator(BaseOperator):
    """Chooses what follows: override `choose_branch`, which returns ids of tasks or groups right after it."""

    def choose_branch(self, context: Context) -> Branch | None:
        """Return the ids of what is to follow; nothing for none. Override it."""
        raise NotImplementedError(f"{type(self).__name__} has no choose_branch(); override it.")

    def execute(self, context: Context) -> Any:
        """Skip the ways not taken; return what was chosen."""
        chosen = self.choose_branch(context)
        follow_branch(self, context, chosen)
        return chosen if chosen is None or isinstance(chosen, str) else list(chosen)


class _MomentBranchOperator(BaseBranchOperator):
    """Goes one way or the other by a moment: that of the run, or now."""

    def __init__(
        self,
        task_id: str,
        *,
        follow_task_ids_if_true: Branch,
        follow_task_ids_if_false: Branch,
        use_task_logical_date: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        self.follow_task_ids_if_true = follow_task_ids_if_true
        self.follow_task_ids_if_false = follow_task_ids_if_false
        self.use_task_logical_date = use_task_logical_date

    def holds(self, moment: datetime) -> bool:
        """Say which way to go; the moment is in the DAG's time zone. Override it."""
        raise NotImplementedError

    def choose_branch(self, context: Context) -> Branch:
        """Look at the moment."""
        run_at = context["logical_date"] or context["dag_run"].run_after
        moment = run_at if self.use_task_logical_date else current_clock().now()
        holds = self.holds(moment.astimezone(self.time_zone))
        return self.follow_task_ids_if_true if holds else self.follow_task_ids_if_false


class BranchDateTimeOperator(_MomentBranchOperator):
    """Goes one way between two moments, and the other outside of them.

    Each is a datetime, a time of day in the DAG's time zone, or None for no bound. Times are those of the same day;
    an upper one before the lower one is that of the next.
    """

    def __init__(
        self,
        task_id: str,
        *,
        target_lower: datetime | time | None = None,
        target_upper: datetime | time | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        if target_lower is None and target_upper is None:
            raise BadDag(f"{author_line()}: {self.task_id} needs target_lower, target_upper, or both.")
        self.target_lower = _bound("target_lower", target_lower)
        self.target_upper = _bound("target_upper", target_upper)

    def holds(self, moment: datetime) -> bool:
        """Look whether the moment lies between the bounds."""
        lower, upper = _placed(self.target_lower, moment), _placed(self.target_upper, moment)
        are_times = isinstance(self.target_lower, time) or isinstance(self.target_upper, time)
        if lower and upper and upper < lower and are_times:
            upper += timedelta(days=1)
        return (lower is None or lower <= moment) and (upper is None or moment <= upper)


class BranchDayOfWeekOperator(_MomentBranchOperator):
    """Goes one way on these days of the week in the DAG's time zone, and the other on all others."""

    def __init__(self, task_id: str, *, week_day: WeekDays, **arguments: Any) -> None:
        super().__init__(task_id, **arguments)
        self.week_day = read_week_days("week_day", week_day)

    def holds(self, moment: datetime) -> bool:
        """Look which day it is."""
        return moment.isoweekday() in self.week_day


class LatestOnlyOperator(BaseBranchOperator):
    """Skips what follows right after it unless its run is the newest that is due; runs by hand always go on."""

    def choose_branch(self, context: Context) -> Branch:
        """Ask whether a newer run is due."""
        return self.downstream_task_ids if context["ti"].is_latest_run() else ()


def _bound(name: str, value: datetime | time | None) -> datetime | time | None:
    if value is None or isinstance(value, time):
        return value
    if not isinstance(value, datetime):
        raise bad_argument(name, value, "give a datetime with a time zone, or a datetime.time")
    return read_instant(name, value)


def _placed(bound: datetime | time | None, moment: datetime) -> datetime | None:
    """Return a bound as an instant: a time of day on the day of the moment."""
    if not isinstance(bound, time):
        return bound
    zone: tzinfo | None = bound.tzinfo or moment.tzinfo
    return datetime.combine(moment.astimezone(zone).date(), bound, zone)
