"""Start a run by hand, from the page, the API, the command line or another DAG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from scheduler.core.graph import TaskGraph
from scheduler.core.ids import check_own_run_id, manual_key, manual_run_id
from scheduler.core.states import RunType
from scheduler.core.timetables import interval_by_hand
from scheduler.errors import AlreadyExists, Conflict
from scheduler.operations.conf import check_conf, params_of
from scheduler.operations.names import check_name
from scheduler.operations.notes import check_note
from scheduler.operations.partition_keys import check_partition_key
from scheduler.store.dags import DagRow, get_dag
from scheduler.store.engine import Session
from scheduler.store.new_runs import NewRun, create_run
from scheduler.store.runs import find_run_by_key
from scheduler.store.versions import load_graph
from scheduler.wire import Json

_MOMENT: Final = timedelta(microseconds=1)
#: Runs that may be triggered in one instant, before the last of them is told that its id is taken.
_MOST_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class RunRef:
    """A run that was triggered. `is_new` false: the idempotency key had triggered it before."""

    run_pk: int
    dag_id: str
    run_id: str
    is_new: bool = True


def trigger_run(
    session: Session,
    now: datetime,
    dag_id: str,
    *,
    conf: Mapping[str, Json] | None = None,
    logical_date: datetime | None = None,
    interval: tuple[datetime, datetime] | None = None,
    run_id: str | None = None,
    idempotency_key: str | None = None,
    note: str = "",
    partition_key: str | None = None,
    actor: str,
    run_type: RunType = RunType.MANUAL,
) -> RunRef:
    """Create a run on the DAG's newest version; it starts when `max_active_runs` leaves room, paused or not.

    Without a logical date it is `now`; without an interval the schedule says it; without a run_id it is made of the
    logical date. The unique run_id and
    trigger key decide between two that trigger at once: the same idempotency key gives the first one's run,
    whatever else was asked; a run_id that is taken raises AlreadyExists.
    Raises NotFound, Conflict for a retired DAG, BadId, BadConf, BadParams, TooLarge, BadName for a key.
    """
    if idempotency_key is not None:
        check_name("idempotency key", idempotency_key)
    if idempotency_key is not None and (found := _triggered(session, dag_id, idempotency_key)):
        return found
    dag = _runnable(session, dag_id)
    graph = TaskGraph(load_graph(session, dag.version_id))
    checked = check_conf({} if conf is None else conf)
    at = logical_date or now
    start, end = interval or interval_by_hand(graph.spec, at)
    wanted_id = manual_run_id(at) if run_id is None else check_own_run_id(run_id)
    new = NewRun(
        dag_id=dag_id,
        run_id=wanted_id,
        trigger_key=manual_key(idempotency_key or wanted_id),
        run_type=run_type,
        version_id=dag.version_id,
        snapshot_id=dag.snapshot_id,
        bundle_version=dag.bundle_version,
        run_after=now,
        logical_date=at,
        data_interval_start=start,
        data_interval_end=end,
        conf=checked,
        params=params_of(graph.spec, checked),
        triggered_by=actor,
        note=check_note(note),
        partition_key=check_partition_key(partition_key),
    )
    is_free = run_id is None and logical_date is None
    return _create(session, now, new, graph, tries=_MOST_AT_ONCE if is_free else 1, key=idempotency_key)


def _runnable(session: Session, dag_id: str) -> DagRow:
    dag = get_dag(session, dag_id)
    if dag.retired_at is not None:
        raise Conflict(
            f"DAG {dag_id!r} is retired: {dag.file} no longer declares it. Put it back first, "
            f"or delete what is left: `dirigent dags delete {dag_id}`."
        )
    return dag


def _create(
    session: Session, now: datetime, new: NewRun, graph: TaskGraph, *, tries: int, key: str | None
) -> RunRef:
    """Insert the run; where its id was only made of the instant and is taken, take the next instant."""
    for attempt in range(tries):
        wanted = _later(new, _MOMENT * attempt, key) if attempt else new
        run_pk = create_run(session, now, wanted, graph)
        if run_pk is not None:
            return RunRef(run_pk, new.dag_id, wanted.run_id)
        if key is not None and (found := _triggered(session, new.dag_id, key)):
            return found
    raise AlreadyExists("run", new.run_id)


def _later(new: NewRun, by: timedelta, key: str | None) -> NewRun:
    at = (new.logical_date or new.run_after) + by
    run_id = manual_run_id(at)
    return replace(new, run_id=run_id, trigger_key=manual_key(key or run_id), logical_date=at)


def _triggered(session: Session, dag_id: str, idempotency_key: str) -> RunRef | None:
    run = find_run_by_key(session, dag_id, manual_key(idempotency_key))
    return RunRef(run.id, run.dag_id, run.run_id, is_new=False) if run else None
