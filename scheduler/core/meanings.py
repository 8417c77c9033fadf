"""What an ambiguous schedule means: `schedule=` of a file of Airflow's that may be for Airflow 2 or for 3.

`trigger`: a run at each instant, which is its logical date. `interval`: a run at the end of the interval between two
instants, whose start is its logical date. The file's child sends it as a trigger that is `unsure`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

from scheduler.core.timetables import Due, following
from scheduler.wire import DagSpec, ScheduleSpec

Meaning = Literal["trigger", "interval"]
MEANINGS: Final[tuple[Meaning, ...]] = ("trigger", "interval")
_OF_INTERVALS: Final = {"cron": "cron_interval", "delta": "delta_interval"}
_OF_INSTANTS: Final = {after: before for before, after in _OF_INTERVALS.items()}


def is_unsure(spec: DagSpec) -> bool:
    """Tell whether somebody is to say what the schedule means."""
    return spec.schedule.meaning == "unsure"


def as_meant(spec: DagSpec, meaning: str | None) -> DagSpec:
    """Return the graph with its schedule as it is meant; one that is not ambiguous stays, and so does all else."""
    schedule = spec.schedule
    if schedule.meaning is None or meaning is None:
        return spec
    return replace(spec, schedule=_read_as(schedule, meaning))


def _read_as(schedule: ScheduleSpec, meaning: str) -> ScheduleSpec:
    kinds = _OF_INTERVALS if meaning == "interval" else _OF_INSTANTS
    return replace(schedule, kind=kinds.get(schedule.kind, schedule.kind), meaning=meaning)  # type: ignore[arg-type]


def next_runs(spec: DagSpec, last: Due | None, now: datetime, count: int) -> list[Due]:
    """Return the runs that come next, as many as there are up to `count`."""
    found: list[Due] = []
    while len(found) < count and (due := following(spec, last, now)) is not None:
        found.append(due)
        last, now = due, max(now, due.run_at)
    return found
