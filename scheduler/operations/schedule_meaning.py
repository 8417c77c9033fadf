"""Say what the ambiguous schedule of a DAG means, and show the runs that either meaning gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from scheduler.core.meanings import MEANINGS, as_meant, is_unsure, next_runs
from scheduler.core.timetables import Due, following
from scheduler.errors import Conflict
from scheduler.store import dags
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.origins import DagOrigin, load_origins, put_origins
from scheduler.store.schedules import last_scheduled
from scheduler.store.transaction import request_wake
from scheduler.store.versions import load_graph, store_version
from scheduler.wire import DagSpec

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """What a DAG's schedule may mean: `meaning` is trigger, interval or unsure; runs by meaning, soonest first."""

    dag_id: str
    meaning: str
    runs: Mapping[str, list[Due]]


def preview_meanings(session: Session, now: datetime, dag_id: str) -> Choice:
    """Return the next runs under both meanings. Raises NotFound, and Conflict where the schedule is not ambiguous."""
    spec = _ambiguous(session, dags.get_dag(session, dag_id))
    last = last_scheduled(session, [dag_id]).get(dag_id)
    runs: dict[str, list[Due]] = {
        each: next_runs(as_meant(spec, each), last, now, _SHOWN) for each in MEANINGS
    }
    return Choice(dag_id, spec.schedule.meaning or "", runs)


def list_unsure(session: Session) -> list[str]:
    """Return the DAGs of which nobody has said what their schedule means."""
    found = dags.list_dags(session)
    return [each.dag_id for each in found if is_unsure(load_graph(session, each.version_id))]


def set_meaning(session: Session, now: datetime, dag_id: str, meaning: str, *, actor: str) -> None:
    """Read the schedule so from now on, also when its file changes. Raises NotFound and Conflict."""
    row = dags.get_dag(session, dag_id)
    spec = _ambiguous(session, row)
    if meaning not in MEANINGS:
        raise Conflict(f"A schedule does not mean {meaning!r}: say {' or '.join(MEANINGS)}.")
    known = load_origins(session, [dag_id]).get(dag_id, DagOrigin(dag_id=dag_id))
    put_origins(session, [replace(known, schedule_meaning=meaning)])
    apply_meaning(session, now, row, as_meant(spec, meaning))
    append(session, [Event(at=now, kind="dag.schedule", dag_id=dag_id, actor=actor, reason=meaning)])
    request_wake(session)


def apply_meaning(session: Session, now: datetime, row: dags.DagRow, spec: DagSpec) -> None:
    """Put a version with this schedule in force."""
    version = store_version(session, spec, row.snapshot_id, now)
    dags.upsert_dags(
        session,
        now,
        [dags.ParsedDag(spec, version.id, row.snapshot_id, row.is_paused, row.bundle_version)],
    )
    count_next(session, now, row.dag_id, spec)


def count_next(session: Session, now: datetime, dag_id: str, spec: DagSpec) -> None:
    """Count the next run of a DAG anew."""
    last = last_scheduled(session, [dag_id])
    dags.set_next_dues(session, {dag_id: following(spec, last.get(dag_id), now)})


def _ambiguous(session: Session, row: dags.DagRow) -> DagSpec:
    spec = load_graph(session, row.version_id)
    if row.retired_at is not None or spec.schedule.meaning is None:
        raise Conflict(
            f"The schedule of DAG {row.dag_id!r} means one thing only: its file, or the setting airflow_schedule, "
            "says which."
        )
    return spec
