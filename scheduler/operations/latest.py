"""Whether a run is the newest that its schedule asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from scheduler.clock import parse_instant
from scheduler.core.states import RunType
from scheduler.core.timetables import Due, following
from scheduler.wire import DagSpec, RunInfo

#: Runs that somebody asked for by itself; none follows them.
_ASKED_FOR: Final = frozenset({RunType.MANUAL, RunType.OPERATOR_TRIGGERED, RunType.ASSET_MATERIALIZATION})


def is_latest(spec: DagSpec, run: RunInfo, now: datetime, planned: Sequence[Due] = ()) -> bool:
    """Tell whether no newer run than this one is due; of runs by hand and of schedules without instants always."""
    if run.run_type in _ASKED_FOR or run.logical_date is None or spec.schedule.kind == "continuous":
        return True
    last = Due(
        run_at=parse_instant(run.run_after),
        logical_date=parse_instant(run.logical_date),
        interval_start=parse_instant(run.data_interval_start or run.logical_date),
        interval_end=parse_instant(run.data_interval_end or run.logical_date),
    )
    newer = following(replace(spec, catchup=True), last, now, planned)
    return newer is None or newer.run_at > now
