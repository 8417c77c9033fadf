"""What checks of assets found, and the changes that are withheld until all blocking ones have passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from scheduler.core.assets import Change
from scheduler.store.asset_events import NewEvent, Source
from scheduler.store.engine import Session
from scheduler.store.tables import asset_check, asset_held
from scheduler.store.upsert import insert_into, replacing
from scheduler.wire import Data

H = asset_held.c
C = asset_check.c
_MINE: Final = (
    H.run_pk == sa.bindparam("pk"),
    H.task_id == sa.bindparam("task"),
    H.path == sa.bindparam("at"),
)


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What a check of an asset found last."""

    name: str  #: of the asset, or its URI or alias as the file gives it
    task_id: str
    dag_id: str
    run_id: str
    at: datetime
    blocking: bool
    passed: bool
    description: str
    metadata: Data


def put_check(session: Session, found: CheckRow) -> None:
    """Keep what a check found, in place of what it found before."""
    values = asdict(found)
    values["details"] = values.pop("metadata")
    names = ("run_id", "at", "blocking", "passed", "description", "details")
    session.execute(replacing(insert_into(session, asset_check), *names), values)


def checks_of(session: Session, names: Sequence[str]) -> list[CheckRow]:
    """Return what the checks of an asset found last, by their tasks."""
    columns = (C.name, C.task_id, C.dag_id, C.run_id, C.at, C.blocking, C.passed, C.description, C.details)
    query = sa.select(*columns).where(C.name.in_(sorted(names))).order_by(C.dag_id, C.task_id)
    return [CheckRow(*row) for row in session.execute(query)]


def hold_changes(session: Session, run_pk: int, events: Sequence[NewEvent]) -> None:
    """Withhold changes that a task of a run made, in place of those that it made before."""
    source = events[0].source
    where = {"pk": run_pk, "task": source.task_id, "at": source.path}
    session.execute(sa.delete(asset_held).where(*_MINE), where)
    rows = [
        {
            "run_pk": run_pk,
            "task_id": source.task_id,
            "path": source.path,
            "mark": mark_text(each.change),
            "change": {"change": asdict(each.change), "source": asdict(each.source)},
        }
        for each in events
    ]
    session.execute(sa.insert(asset_held), rows)


def take_held(session: Session, run_pk: int, marks: Sequence[str]) -> list[NewEvent]:
    """Return changes of these assets that were withheld in a run, and withhold them no longer."""
    theirs = (
        sa.delete(asset_held).where(H.run_pk == run_pk, H.mark.in_(sorted(marks))).returning(H.id, H.change)
    )
    rows = sorted(session.execute(theirs), key=lambda row: row.id)
    return [NewEvent(Change(**row.change["change"]), Source(**row.change["source"])) for row in rows]


def mark_text(change: Change) -> str:
    """Return by what a change is known that is withheld."""
    return change.name or change.uri
