"""What is known of DAGs that come from another system: where they stood there, and what their schedules mean.

A row may come before its DAG does, and stays when the DAG is deleted: what ran there does not run here again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scheduler.core.timetables import Due
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.tables import dag_origin
from scheduler.store.upsert import insert_into, replacing

O = dag_origin.c  # noqa: E741 - as all tables are named here
_DUE = ("run_at", "logical_date", "interval_start", "interval_end")


@dataclass(frozen=True, slots=True, kw_only=True)
class DagOrigin:
    """What is known of one DAG; None where nothing is."""

    dag_id: str
    is_paused: bool | None = None  #: how it is to arrive
    last: Due | None = None  #: its last scheduled run there
    schedule_meaning: str | None = None  #: trigger | interval


def load_origins(session: Session, dag_ids: Collection[str]) -> dict[str, DagOrigin]:
    """Return what is known of these DAGs; one of which nothing is known is left out."""
    found: dict[str, DagOrigin] = {}
    for batch in in_batches(sorted(dag_ids)):
        rows = session.execute(sa.select(dag_origin).where(O.dag_id.in_(batch))).mappings()
        found.update((row["dag_id"], _origin(row)) for row in rows)
    return found


def put_origins(session: Session, origins: Iterable[DagOrigin]) -> None:
    """Keep what is known now, in place of what was."""
    rows = [_values(each) for each in origins]
    if rows:
        changed = [name for name in rows[0] if name != "dag_id"]
        session.execute(replacing(insert_into(session, dag_origin), *changed), rows)


def _origin(row: sa.RowMapping) -> DagOrigin:
    last = Due(*(row[name] for name in _DUE)) if row["run_at"] is not None else None
    return DagOrigin(
        dag_id=row["dag_id"],
        is_paused=row["is_paused"],
        last=last,
        schedule_meaning=row["schedule_meaning"],
    )


def _values(origin: DagOrigin) -> dict[str, Any]:
    last = origin.last
    dues = (last.run_at, last.logical_date, last.interval_start, last.interval_end) if last else (None,) * 4
    known = {
        "dag_id": origin.dag_id,
        "is_paused": origin.is_paused,
        "schedule_meaning": origin.schedule_meaning,
    }
    return known | dict(zip(_DUE, dues, strict=True))
