"""Have runs made for a range of the past: look at what would happen, begin, hold back, go on, cancel.

The runs come by `loop.backfilling`, a few at a time; preview and loop ask the same of `core.backfills`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from scheduler.core.backfills import Fate, Range, Reprocess, dues, fate_of, is_periodic, looks_back
from scheduler.core.states import RunState
from scheduler.errors import BadParams, Conflict
from scheduler.operations.cancel import cancel_run
from scheduler.operations.conf import check_conf, params_of
from scheduler.store.backfills import (
    Backfill,
    active_backfill,
    active_runs,
    end_backfill,
    get_backfill,
    insert_backfill,
    lock_backfill,
    note_created,
    runs_by_date,
    set_backfill_paused,
)
from scheduler.store.dags import get_dag
from scheduler.store.engine import Session
from scheduler.store.runs import lock_runs
from scheduler.store.versions import load_graph
from scheduler.wire import DagSpec, Json

#: Runs of a range that are counted beforehand; of a longer one people are told how far it came in time.
COUNTED: Final = 500
MOST_ACTIVE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequest:
    """What is asked for. The ends are logical dates and belong to the range; without `conf` reruns keep their own."""

    dag_id: str
    from_date: datetime
    to_date: datetime
    run_backwards: bool = False
    max_active_runs: int = 10
    reprocess_behavior: str = Reprocess.NONE
    conf: Mapping[str, Json] | None = None
    run_on_latest_version: bool = True


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """What a backfill does about one logical date."""

    logical_date: datetime
    fate: Fate


@dataclass(frozen=True, slots=True)
class BackfillPreview:
    """The runs of a range in its order; without `is_all` it has more than these."""

    runs: tuple[PlannedRun, ...]
    is_all: bool

    def count(self, fate: str) -> int:
        """Return how many of them meet a fate."""
        return sum(each.fate == fate for each in self.runs)


def preview_backfill(
    session: Session, now: datetime, request: BackfillRequest, *, most: int = COUNTED
) -> BackfillPreview:
    """Return what `create_backfill` would do now, of the first `most` dates. Raises as it does."""
    spec = _checked(session, now, request)
    found = list(islice(dues(spec, _range(request), now), most + 1))
    there = runs_by_date(session, request.dag_id, [due.logical_date for due in found])
    reprocess = Reprocess(request.reprocess_behavior)
    states = {date: run.state for date, run in there.items()}
    planned = [
        PlannedRun(due.logical_date, fate_of(reprocess, states.get(due.logical_date))) for due in found
    ]
    return BackfillPreview(tuple(planned[:most]), is_all=len(planned) <= most)


def create_backfill(session: Session, now: datetime, request: BackfillRequest, *, actor: str) -> Backfill:
    """Begin a backfill, of which a DAG has one at a time; its runs come a few at a time, paused or not.

    Raises NotFound; BadParams for a range, direction or number that cannot be, a schedule that names no instants, a
    range without a run; BadConf, TooLarge; Conflict for a retired DAG, and while another backfill of it goes on.
    """
    preview = preview_backfill(session, now, request)
    if not preview.runs:
        raise BadParams(
            f"The schedule of DAG {request.dag_id!r} has no run from {request.from_date.isoformat()} to "
            f"{request.to_date.isoformat()}: choose a longer range."
        )
    values = {
        "dag_id": request.dag_id,
        "from_date": request.from_date,
        "to_date": request.to_date,
        "run_backwards": request.run_backwards,
        "max_active_runs": request.max_active_runs,
        "reprocess_behavior": request.reprocess_behavior,
        "dag_run_conf": None if request.conf is None else check_conf(request.conf),
        "run_on_latest_version": request.run_on_latest_version,
        "triggered_by": actor,
        "total_count": len(preview.runs) if preview.is_all else None,
    }
    created = insert_backfill(session, now, values)
    if created is None:
        other = active_backfill(session, request.dag_id)
        which = f"backfill {other.id}" if other else "another backfill"
        raise Conflict(f"DAG {request.dag_id!r} has {which} going on: wait for its end, or cancel it.")
    made = get_backfill(session, created)
    note_created(session, now, made)
    return made


def pause_backfill(session: Session, now: datetime, backfill_id: int, *, actor: str) -> Backfill:
    """Start no more runs of a backfill; those that run go on. Raises NotFound, and Conflict for one that has ended."""
    return _set_paused(session, now, backfill_id, is_paused=True, actor=actor)


def resume_backfill(session: Session, now: datetime, backfill_id: int, *, actor: str) -> Backfill:
    """Let a backfill go on. Raises NotFound, and Conflict for one that has ended."""
    return _set_paused(session, now, backfill_id, is_paused=False, actor=actor)


def _set_paused(
    session: Session, now: datetime, backfill_id: int, *, is_paused: bool, actor: str
) -> Backfill:
    row = _unended(session, backfill_id)
    if row.is_paused != is_paused:
        set_backfill_paused(session, now, row, is_paused=is_paused, actor=actor)
    return get_backfill(session, backfill_id)


def cancel_backfill(
    session: Session, now: datetime, backfill_id: int, *, stop_running: bool = False, actor: str
) -> int:
    """End a backfill: no run of it comes any more, and what waits is cancelled; what runs, with `stop_running` only.

    Return how many runs were cancelled. Raises NotFound, and Conflict for one that has ended.
    """
    row = _unended(session, backfill_id)
    states = {RunState.QUEUED, RunState.RUNNING} if stop_running else {RunState.QUEUED}
    # What has started or ended until its lock is had is judged as it is by then.
    wanted = [run for run in lock_runs(session, active_runs(session, backfill_id)) if run.state in states]
    for run in wanted:
        cancel_run(session, now, row.dag_id, run.run_id, actor=actor)
    end_backfill(session, now, row, is_cancelled=True, actor=actor)
    return len(wanted)


def _unended(session: Session, backfill_id: int) -> Backfill:
    row = lock_backfill(session, backfill_id)
    if row.completed_at is not None:
        raise Conflict(
            f"Backfill {backfill_id} has ended: it was {row.state} at {row.completed_at.isoformat()}."
        )
    return row


def _range(request: BackfillRequest) -> Range:
    return Range(request.from_date, request.to_date, request.run_backwards)


def _checked(session: Session, now: datetime, request: BackfillRequest) -> DagSpec:
    """Return the DAG of a request that can be met."""
    dag = get_dag(session, request.dag_id)
    if dag.retired_at is not None:
        raise Conflict(f"DAG {dag.dag_id!r} is retired: {dag.file} no longer declares it. Put it back first.")
    spec = load_graph(session, dag.version_id)
    if not is_periodic(spec):
        raise BadParams(
            f"DAG {dag.dag_id!r} cannot be backfilled: its schedule names no instants of the past. "
            "Trigger its runs instead."
        )
    _check_range(now, request)
    _check_numbers(request)
    if request.run_backwards and (waiting := looks_back(spec)):
        raise BadParams(
            f"DAG {dag.dag_id!r} cannot be backfilled backwards: {waiting[0]!r} waits for the run before its own."
        )
    params_of(spec, check_conf(request.conf or {}))
    return spec


def _check_range(now: datetime, request: BackfillRequest) -> None:
    start, end = request.from_date, request.to_date
    if start > end:
        raise BadParams(f"The range ends before it begins: {start.isoformat()} to {end.isoformat()}.")
    if start > now:
        raise BadParams(f"The range begins in the future: {start.isoformat()}.")


def _check_numbers(request: BackfillRequest) -> None:
    if not 1 <= request.max_active_runs <= MOST_ACTIVE:
        raise BadParams(f"max_active_runs={request.max_active_runs} is not from 1 to {MOST_ACTIVE:,}.")
    if request.reprocess_behavior not in list(Reprocess):
        raise BadParams(
            f"reprocess_behavior={request.reprocess_behavior[:40]!r} is none of {', '.join(Reprocess)}."
        )
