"""What a run returned, as a page shows it: the beginning of each value."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from scheduler.core.dimensions import in_order
from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import xcom
from scheduler.store.views.tasks import SHOWN_LENGTH, SHOWN_VALUE
from scheduler.store.xcoms import RETURN_VALUE


@dataclass(frozen=True, slots=True)
class Result:
    """What one task instance returned: the beginning of its JSON text, and how long all of it is."""

    task_id: str
    path: str
    text: str
    length: int
    updated_at: datetime


def list_results(
    session: Session, run_pk: int, task_ids: Collection[str], limit: int, loops: Collection[str] = ()
) -> list[Result]:
    """Return what these tasks of a run returned, by task and index; at most `limit`. Of `loops` the last value."""
    if not task_ids:
        return []
    X = xcom.c
    where = (X.run_pk == run_pk, one_of(X.task_id, "names"), X.key == RETURN_VALUE)
    names = {"names": sorted(task_ids)}
    keys = session.execute(select(X.task_id, X.path).where(*where), names).all()
    ordered = sorted(keys, key=lambda row: (row.task_id, in_order(row.path)))
    shown = {
        (row.task_id, row.path.rpartition(".")[0] if row.task_id in loops else row.path): row
        for row in ordered
    }
    chosen = list(shown.values())[:limit]
    query = select(X.task_id, X.path, SHOWN_VALUE, SHOWN_LENGTH, X.updated_at)
    paths = {"paths": sorted({row.path for row in chosen})}
    found = session.execute(query.where(*where, one_of(X.path, "paths")), names | paths)
    by_key = {(row.task_id, row.path): Result(*row) for row in found}
    return [by_key[tuple(row)] for row in chosen if tuple(row) in by_key]
