"""DAGs: one row each, written by parsing, paused by people, moved on by the schedule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.core.timetable_types import timetable_type
from scheduler.core.timetables import Due
from scheduler.store.absent import no_dag
from scheduler.store.assets import look_again
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.lists import is_in
from scheduler.store.plans import plan_as_stored, planned_of
from scheduler.store.tables import ACTIVE_RUNS, dag, dag_run, dag_tag
from scheduler.store.transaction import request_wake
from scheduler.store.upsert import insert_into, replacing
from scheduler.wire import DagSpec

D = dag.c


@dataclass(frozen=True, slots=True)
class DagRow:
    """One DAG as it stands. `next_run_at` None: no run comes by itself."""

    dag_id: str
    file: str
    version_id: int
    snapshot_id: int
    is_paused: bool
    retired_at: datetime | None
    display_name: str
    description: str
    owner: str
    max_active_runs: int
    next_run_at: datetime | None
    last_parsed_at: datetime | None
    created_at: datetime
    bundle_version: str | None
    aside_reason: str  #: why no run comes by itself for now, "" mostly


@dataclass(frozen=True, slots=True)
class ParsedDag:
    """What a parse found: the graph, the version it was stored as, the snapshot it stands in.

    `is_paused` counts for a DAG that is new; an old one stays as people left it.
    """

    spec: DagSpec
    version_id: int
    snapshot_id: int
    is_paused: bool
    bundle_version: str | None = None
    planned: Sequence[Due] | None = None
    replan_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DueDag:
    """A DAG whose next scheduled run is due to be created; `planned`: what its own timetable asked for."""

    dag_id: str
    version_id: int
    snapshot_id: int
    bundle_version: str | None
    due: Due
    planned: Sequence[Due] = ()


_ROW = (
    D.dag_id,
    D.file,
    D.version_id,
    D.snapshot_id,
    D.is_paused,
    D.retired_at,
    D.display_name,
    D.description,
    D.owner,
    D.max_active_runs,
    D.next_run_at,
    D.last_parsed_at,
    D.created_at,
    D.bundle_version,
    D.aside_reason,
)
_DUE = (D.next_run_at, D.next_logical_date, D.next_interval_start, D.next_interval_end)


def _rows(result: Iterable[Sequence[Any]]) -> list[DagRow]:
    return [DagRow(*row) for row in result]


def upsert_dags(session: Session, now: datetime, parsed: Sequence[ParsedDag]) -> list[str]:
    """Write what a parse found, tags included; return the dag_ids that are new or were retired, sorted.

    The caller checks first, by `owners`, that no dag_id stands in two files.
    """
    if not parsed:
        return []
    dag_ids = [each.spec.dag_id for each in parsed]
    present = _present(session, dag_ids)
    columns = set(_values(parsed[0], now)) - {"dag_id", "is_paused", "created_at"}
    statement = replacing(insert_into(session, dag), *sorted(columns))
    session.execute(statement, [_values(each, now) for each in parsed])
    _set_tags(session, {each.spec.dag_id: each.spec.tags for each in parsed})
    added = sorted(set(dag_ids) - present)
    append(session, [Event(at=now, kind="dag.added", dag_id=each, actor="parser") for each in added])
    return added


def _values(parsed: ParsedDag, now: datetime) -> dict[str, Any]:
    spec = parsed.spec
    return {
        "dag_id": spec.dag_id,
        "file": spec.file,
        "version_id": parsed.version_id,
        "snapshot_id": parsed.snapshot_id,
        "bundle_version": parsed.bundle_version,
        "is_paused": parsed.is_paused,
        "retired_at": None,
        "display_name": spec.display_name,
        "description": spec.description,
        "owner": spec.owner,
        "alerts": list(spec.alerts) or None,
        "max_active_runs": spec.max_active_runs,
        "timetable_type": timetable_type(spec.schedule),
        "planned": None if parsed.planned is None else plan_as_stored(parsed.planned),
        "replan_at": parsed.replan_at,
        "last_parsed_at": now,
        "created_at": now,
        "aside_until": None,
        "aside_reason": "",
    }


def _present(session: Session, dag_ids: Iterable[str]) -> set[str]:
    present: set[str] = set()
    for batch in in_batches(dag_ids):
        query = sa.select(D.dag_id).where(D.dag_id.in_(batch), D.retired_at.is_(None))
        present.update(session.scalars(query))
    return present


def _set_tags(session: Session, tags: Mapping[str, Collection[str]]) -> None:
    for batch in in_batches(tags):
        session.execute(sa.delete(dag_tag).where(dag_tag.c.dag_id.in_(batch)))
    rows = [{"dag_id": dag_id, "name": name} for dag_id, names in tags.items() for name in set(names)]
    if rows:
        session.execute(sa.insert(dag_tag), rows)


def owners(session: Session, dag_ids: Iterable[str]) -> dict[str, str]:
    """Return the file that each of these DAGs stands in; retired and unknown ones are left out."""
    found: dict[str, str] = {}
    for batch in in_batches(dag_ids):
        query = sa.select(D.dag_id, D.file).where(D.dag_id.in_(batch), D.retired_at.is_(None))
        found.update((dag_id, file) for dag_id, file in session.execute(query))
    return found


def dags_of_file(session: Session, file: str) -> list[str]:
    """Return the DAGs that stand in a file now, by name."""
    query = sa.select(D.dag_id).where(D.file == file, D.retired_at.is_(None)).order_by(D.dag_id)
    return list(session.scalars(query))


def move_snapshot(
    session: Session, snapshot_id: int, files: Collection[str], bundle_version: str | None = None
) -> None:
    """Pin the next runs of the DAGs in these files to a snapshot in which the files stand unchanged."""
    for batch in in_batches(sorted(files)):
        statement = sa.update(dag).where(D.file.in_(batch), D.retired_at.is_(None))
        session.execute(statement.values(snapshot_id=snapshot_id, bundle_version=bundle_version))


def retire_dags(session: Session, now: datetime, dag_ids: Collection[str]) -> list[str]:
    """Retire DAGs whose file no longer declares them: no run comes by itself, history stays.

    Return which were not retired yet. A run that is going on goes on: its code is in its snapshot.
    """
    retired: list[str] = []
    for batch in in_batches(sorted(dag_ids)):
        statement = sa.update(dag).where(D.dag_id.in_(batch), D.retired_at.is_(None))
        statement = statement.values(retired_at=now, next_run_at=None)
        retired.extend(session.scalars(statement.returning(D.dag_id)))
    append(session, [Event(at=now, kind="dag.retired", dag_id=each, actor="parser") for each in retired])
    return sorted(retired)


def set_paused(
    session: Session, now: datetime, dag_ids: Collection[str], *, is_paused: bool, actor: str
) -> list[str]:
    """Pause or resume DAGs; return those that were not so already. One guarded UPDATE, an event each."""
    statement = sa.update(dag).where(D.dag_id.in_(sorted(dag_ids)), D.is_paused != is_paused)
    changed = sorted(session.scalars(statement.values(is_paused=is_paused).returning(D.dag_id)))
    kind = "dag.paused" if is_paused else "dag.resumed"
    append(session, [Event(at=now, kind=kind, dag_id=each, actor=actor) for each in changed])
    look_again(session, [] if is_paused else changed)
    request_wake(session)
    return changed


def find_dag(session: Session, dag_id: str) -> DagRow | None:
    """Return a DAG, retired or not, or None."""
    rows = _rows(session.execute(sa.select(*_ROW).where(D.dag_id == dag_id)))
    return rows[0] if rows else None


def get_dag(session: Session, dag_id: str) -> DagRow:
    """Return a DAG, retired or not. Raises NotFound."""
    found = find_dag(session, dag_id)
    if found is None:
        raise no_dag(session, dag_id)
    return found


def list_dags(session: Session, *, tag: str | None = None) -> list[DagRow]:
    """Return the DAGs that are not retired, by dag_id; with `tag`, those that carry it."""
    query = sa.select(*_ROW).where(D.retired_at.is_(None)).order_by(D.dag_id)
    if tag is not None:
        query = query.where(D.dag_id.in_(sa.select(dag_tag.c.dag_id).where(dag_tag.c.name == tag)))
    return _rows(session.execute(query))


def load_tags(session: Session, dag_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the tags of DAGs, sorted; a DAG without tags is left out."""
    tags: dict[str, tuple[str, ...]] = {}
    for batch in in_batches(dag_ids):
        query = (
            sa.select(dag_tag).where(dag_tag.c.dag_id.in_(batch)).order_by(dag_tag.c.dag_id, dag_tag.c.name)
        )
        for dag_id, name in session.execute(query):
            tags[dag_id] = (*tags.get(dag_id, ()), name)
    return tags


def lock_due_dags(session: Session, now: datetime, limit: int) -> list[DueDag]:
    """Return DAGs that are due, oldest first; not those that are paused, retired, set aside, or have no room.

    Those that have `max_active_runs` active, backfills aside, are left out here, so that fifty DAGs that wait for
    their own runs do not hold up the others. The rows are locked until the end of the transaction; rows that another
    transaction holds are passed over.
    """
    active = sa.select(sa.func.count()).where(
        dag_run.c.dag_id == D.dag_id, is_in(dag_run.c.state, ACTIVE_RUNS), dag_run.c.backfill_id.is_(None)
    )
    query = (
        sa.select(D.dag_id, D.version_id, D.snapshot_id, D.bundle_version, D.planned, *_DUE)
        .where(D.next_run_at <= now, D.retired_at.is_(None), ~D.is_paused)
        .where(sa.or_(D.aside_until.is_(None), D.aside_until <= now))
        .where(active.scalar_subquery() < D.max_active_runs)
        # By the index alone: those that are due together need no order among them, and sorting would count for all.
        .order_by(D.next_run_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [DueDag(*row[:4], Due(*row[5:]), planned_of(row[4])) for row in session.execute(query)]


def set_next_dues(session: Session, dues: Mapping[str, Due | None]) -> None:
    """Store when the next run of each DAG is to be created; None: no further one comes by itself."""
    if not dues:
        return
    names = [column.name for column in _DUE]
    statement = (
        sa.update(dag)
        .where(D.dag_id == sa.bindparam("b_dag_id"))
        .values({name: sa.bindparam(f"b_{name}", type_=D[name].type) for name in names})
        .values(aside_until=None, aside_reason="")
    )
    session.execute(statement, [_due_binds(dag_id, due) for dag_id, due in dues.items()])


def _due_binds(dag_id: str, due: Due | None) -> dict[str, object]:
    values = (due.run_at, due.logical_date, due.interval_start, due.interval_end) if due else (None,) * 4
    return {"b_dag_id": dag_id} | {
        f"b_{column.name}": value for column, value in zip(_DUE, values, strict=True)
    }
