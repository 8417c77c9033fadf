"""Go on with backfills: create their runs, or have existing ones run again, as earlier ones end and leave room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final

from scheduler.core.backfills import Fate, dues, fate_of
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import backfill_run_id, schedule_key
from scheduler.core.partitions import of_schedule
from scheduler.core.states import RunType
from scheduler.core.timetables import Due
from scheduler.errors import Conflict
from scheduler.loop.one_by_one import Aside, Way, at_once
from scheduler.operations.conf import params_of
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.backfills import (
    Backfill,
    DueBackfill,
    adopt_run,
    advance_backfill,
    end_backfill,
    get_backfill,
    lock_due_backfills,
    runs_by_date,
    set_backfill_paused,
)
from scheduler.store.engine import Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.new_runs import NewRun, create_runs
from scheduler.store.runs import RunRow, lock_runs
from scheduler.store.transaction import apart
from scheduler.wire import DagSpec

#: Dates of one backfill that a transaction looks at.
BATCH: Final = 25


def _hold_back(session: Session, now: datetime, backfill_id: int, reason: str) -> None:
    """Pause what cannot be gone on with: a person resumes it."""
    row = get_backfill(session, backfill_id)
    set_backfill_paused(session, now, row, is_paused=True, actor="scheduler", reason=reason)


_OF_BACKFILL: Final[Aside[DueBackfill]] = Aside(lambda due: due.id, _hold_back)


@dataclass(frozen=True, slots=True)
class ContinueBackfills:
    """Gives each backfill as many runs as its `max_active_runs` leaves room for, and ends those that are done."""

    graphs: GraphCache
    way: Way = at_once

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Go on with those that may; return how many there were."""
        due = lock_due_backfills(session, limit)
        self.way(session, now, due, partial(self._continue_all, session, now), _OF_BACKFILL)
        return len(due)

    def _continue_all(self, session: Session, now: datetime, due: Sequence[DueBackfill]) -> None:
        for each in due:
            if each.backfill.is_drawn:
                end_backfill(session, now, each.backfill, is_cancelled=False, actor="scheduler")
            else:
                self._continue(session, now, each)

    def _continue(self, session: Session, now: datetime, each: DueBackfill) -> None:
        row, graph = each.backfill, self.graphs.get(session, each.version_id)
        count = min(each.room, BATCH)
        found = list(islice(dues(graph.spec, row.range, now, row.reached), count + 1))
        wanted = found[:count]
        there = runs_by_date(session, row.dag_id, [due.logical_date for due in wanted])
        made = create_runs(
            session,
            now,
            [(_new_run(each, graph.spec, due), graph) for due in wanted if due.logical_date not in there],
        )
        again = [self._run_again(session, now, each, run) for run in there.values()]
        advance_backfill(
            session,
            now,
            row.id,
            wanted[-1].logical_date if wanted else None,
            is_drawn=len(found) <= count,
            left=made.count(None) + again.count(False),
        )

    def _run_again(self, session: Session, now: datetime, each: DueBackfill, run: RunRow) -> bool:
        """Have an existing run run again, if it is to; tell whether it does."""
        row = each.backfill
        if not self._is_to_run_again(session, row, run):
            return False
        is_latest = row.run_on_latest_version
        graph = self.graphs.get(session, each.version_id if is_latest else run.version_id)
        request = RerunRequest(dag_id=row.dag_id, run_id=run.run_id, code="now" if is_latest else "then")
        try:
            with apart(session):
                adopt_run(session, run.id, row.id, _conf_of(each, graph))
                rerun(session, now, request, actor=row.triggered_by)
        except Conflict:
            return False
        return True

    @staticmethod
    def _is_to_run_again(session: Session, row: Backfill, run: RunRow) -> bool:
        """Tell so of a run as it is under its lock: somebody else may have had it run again, or deleted it."""
        if fate_of(row.reprocess_behavior, run.state) is not Fate.RERUN:
            return False
        return any(
            fate_of(row.reprocess_behavior, now.state) is Fate.RERUN for now in lock_runs(session, [run.id])
        )


def _conf_of(each: DueBackfill, graph: TaskGraph) -> dict[str, Any]:
    conf = each.backfill.dag_run_conf
    return {} if conf is None else {"conf": conf, "params": params_of(graph.spec, conf)}


def _new_run(each: DueBackfill, spec: DagSpec, due: Due) -> NewRun:
    row = each.backfill
    key, date = of_schedule(spec, due.run_at)
    conf = row.dag_run_conf or {}
    return NewRun(
        dag_id=row.dag_id,
        run_id=backfill_run_id(due.logical_date),
        # The schedule's own key: whichever of them comes first makes the one run of this date.
        trigger_key=schedule_key(due.logical_date),
        run_type=RunType.BACKFILL,
        version_id=each.version_id,
        snapshot_id=each.snapshot_id,
        bundle_version=each.bundle_version,
        run_after=due.run_at,
        logical_date=due.logical_date,
        data_interval_start=due.interval_start,
        data_interval_end=due.interval_end,
        conf=conf,
        params=params_of(spec, conf),
        triggered_by=row.triggered_by,
        partition_key=key,
        partition_date=date,
        backfill_id=row.id,
    )
