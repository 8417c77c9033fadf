"""Create the scheduled runs that are due. The next one is worked out and stored in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from scheduler.core.ids import schedule_key, scheduled_run_id
from scheduler.core.partitions import of_schedule
from scheduler.core.states import RunType
from scheduler.core.timetables import Due, following
from scheduler.loop.alarms import Alarms
from scheduler.loop.one_by_one import OF_DAG, Way, at_once
from scheduler.store.alerts import run_subject
from scheduler.store.dags import DueDag, lock_due_dags, set_next_dues
from scheduler.store.engine import Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.new_runs import NewRun, create_runs
from scheduler.store.plans import ask_for_plans
from scheduler.wire import DagSpec

#: A timetable of the author's own is asked again when fewer planned runs are left.
SHORT: Final = 25


@dataclass(frozen=True, slots=True)
class CreateDueRuns:
    """Creates one run for each DAG that is due, and moves its next due instant on.

    Runs of a catch-up are created lazily: no more than `max_active_runs` are queued or running at once, so
    that no DAG starves another and a long past makes no flood of rows.
    """

    graphs: GraphCache
    way: Way = at_once
    alarms: Alarms = field(default_factory=Alarms)

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Create what is due; return how many DAGs were due and had room."""
        due = lock_due_dags(session, now, limit)
        self.way(session, now, due, partial(self._create_all, session, now), OF_DAG)
        return len(due)

    def _create_all(self, session: Session, now: datetime, due: Sequence[DueDag]) -> None:
        known = [(dag, self.graphs.get(session, dag.version_id)) for dag in due]
        newest = [(replace(dag, due=_newest(graph.spec, dag, now)), graph) for dag, graph in known]
        wanted = [(_new_run(dag, graph.spec), graph) for dag, graph in newest]
        created = create_runs(session, now, wanted)
        nexts = {dag.dag_id: following(graph.spec, dag.due, now, dag.planned) for dag, graph in newest}
        set_next_dues(session, nexts)
        if short := [dag.dag_id for dag, graph in newest if _has_short_plan(graph.spec, dag)]:
            ask_for_plans(session, now, short)
        for run_pk, (new, graph) in zip(created, wanted, strict=True):
            if run_pk is not None and not _is_due(nexts[new.dag_id], now):
                subject = run_subject(new.dag_id, run_pk, new.run_id)
                self.alarms.note_created(session, subject, graph.spec, new.run_after)


def _is_due(due: Due | None, now: datetime) -> bool:
    return due is not None and due.run_at <= now


def _has_short_plan(spec: DagSpec, dag: DueDag) -> bool:
    """Tell whether a timetable of the author's own is to be asked for more."""
    if spec.schedule.kind != "own":
        return False
    return sum(each.run_at > dag.due.run_at for each in dag.planned) < SHORT


def _newest(spec: DagSpec, dag: DueDag, now: datetime) -> Due:
    """Return what is to be created now: without catchup, a later instant that is due too has overtaken `due`."""
    newer = None if spec.catchup else following(spec, dag.due, now, dag.planned)
    return newer if newer is not None and _is_due(newer, now) else dag.due


def _new_run(dag: DueDag, spec: DagSpec) -> NewRun:
    due = dag.due
    key, date = of_schedule(spec, due.run_at)
    return NewRun(
        dag_id=dag.dag_id,
        run_id=scheduled_run_id(due.logical_date),
        trigger_key=schedule_key(due.logical_date),
        run_type=RunType.SCHEDULED,
        version_id=dag.version_id,
        snapshot_id=dag.snapshot_id,
        bundle_version=dag.bundle_version,
        run_after=due.run_at,
        logical_date=due.logical_date,
        data_interval_start=due.interval_start,
        data_interval_end=due.interval_end,
        conf={},
        params={param.name: param.default for param in spec.params if param.has_default},
        triggered_by="schedule",
        partition_key=key,
        partition_date=date,
    )
