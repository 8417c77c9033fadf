"""Asking a timetable of the author's own: for the runs that come next, and for the interval of a run by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from scheduler.clock import parse_instant
from scheduler.errors import BadSchedule
from scheduler.sdk.dag import DAG
from scheduler.sdk.timetables import DagRunInfo, DataInterval, TimeRestriction
from scheduler.wire import DagSpec, Data, PlannedRun, RunInfo

#: Runs that are planned ahead of the last one that was made.
AHEAD: Final = 50
#: How often a timetable is asked, at most, on its way to the present.
MOST_ASKED: Final = 10_000


def next_runs(dag: DAG, spec: DagSpec, last: Data | None, now: datetime) -> tuple[PlannedRun, ...]:
    """Return the runs that follow `last`, the newest that the timetable had made; fewer than AHEAD where it ends.

    Without catchup only the newest of those that are due already is among them.

    Each is later than the one before: one that is not ends the plan, and the timetable is asked again once those
    before it are made. Raises BadSchedule, and whatever the timetable raises.
    """
    runs: list[PlannedRun] = []
    interval = _moment_pair(dag, last)
    newest = parse_instant(last["run_at"]) if last else None
    for _ in range(MOST_ASKED):
        found = _ask(dag, spec, interval)
        if found is None or (runs and newest is not None and found.run_after <= newest):
            break
        planned = _planned(dag, found)
        if newest is not None and parse_instant(planned.run_after) <= newest:
            raise BadSchedule(
                f"{_name(dag)} answered {planned.run_after}, no later than its last run, {newest}."
            )
        is_overtaken = not spec.catchup and found.run_after <= now
        runs = [planned] if is_overtaken else [*runs, planned]
        newest = found.run_after
        if len(runs) == AHEAD:
            break
        interval = found.data_interval or DataInterval.exact(found.run_after)
    return tuple(runs)


def with_interval(dag: DAG, run: RunInfo) -> RunInfo:
    """Return a run by hand with the data interval that the timetable gives it. Raises what the timetable raises."""
    infer: Any = getattr(dag.timetable, "infer_manual_data_interval", None)
    if infer is None:
        return run
    found = infer(run_after=_moment(dag, parse_instant(run.logical_date or run.run_after)))
    if found is None:
        return run
    return replace(
        run, data_interval_start=_written(dag, found.start), data_interval_end=_written(dag, found.end)
    )


def _ask(dag: DAG, spec: DagSpec, interval: DataInterval | None) -> DagRunInfo | None:
    restriction = TimeRestriction(_read(dag, spec.start_date), _read(dag, spec.end_date), spec.catchup)
    timetable: Any = dag.timetable
    found = timetable.next_dagrun_info(last_automated_data_interval=interval, restriction=restriction)
    if found is not None and not hasattr(found, "run_after"):
        raise BadSchedule(f"{_name(dag)} answered {found!r}; return a DagRunInfo, or None.")
    if found is not None:
        _written(dag, found.run_after)
    answered: DagRunInfo | None = found
    return answered


def _planned(dag: DAG, found: DagRunInfo) -> PlannedRun:
    interval = found.data_interval or DataInterval.exact(found.run_after)
    start, end = _written(dag, interval.start), _written(dag, interval.end)
    return PlannedRun(run_after=_written(dag, found.run_after), start=start, end=end)


def _written(dag: DAG, moment: object) -> str:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise BadSchedule(f"{_name(dag)} answered {moment!r}; return datetimes with a time zone.")
    return moment.astimezone(UTC).isoformat()


def _name(dag: DAG) -> str:
    return f"The timetable {type(dag.timetable).__name__} of DAG {dag.dag_id!r}"


def _moment_pair(dag: DAG, last: Data | None) -> DataInterval | None:
    if last is None:
        return None
    return DataInterval(_moment(dag, parse_instant(last["start"])), _moment(dag, parse_instant(last["end"])))


def _read(dag: DAG, text: str | None) -> datetime | None:
    return _moment(dag, parse_instant(text)) if text else None


def _moment(dag: DAG, moment: datetime) -> datetime:
    """Return an instant as the file's dialect has them."""
    return dag.dialect.moment(moment) if dag.dialect else moment
