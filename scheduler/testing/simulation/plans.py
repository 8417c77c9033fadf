"""What a timetable of the author's own plans, asked here as a child asks it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from scheduler.clock import parse_instant
from scheduler.core.timetables import Due
from scheduler.runtime.child.own_timetables import next_runs
from scheduler.sdk.dag import DAG
from scheduler.wire import DagSpec, Data, PlannedRun


def planned_runs(dag: DAG, spec: DagSpec, last: Due | None, now: datetime) -> Sequence[Due]:
    """Return the runs that follow on `last`; none where the schedule needs no asking."""
    if spec.schedule.kind != "own":
        return ()
    return [_due(each) for each in next_runs(dag, spec, _made(last) if last else None, now)]


def _made(last: Due) -> Data:
    moments = {"run_at": last.run_at, "start": last.interval_start, "end": last.interval_end}
    return {name: moment.isoformat() for name, moment in moments.items()}


def _due(planned: PlannedRun) -> Due:
    start = parse_instant(planned.start)
    return Due(parse_instant(planned.run_after), start, start, parse_instant(planned.end))
