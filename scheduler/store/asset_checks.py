"""What checks of assets found, and the changes that are withheld until all blocking ones have succeeded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from scheduler.core.assets import Change, blocking_checks, is_of
from scheduler.core.graph import TaskGraph
from scheduler.core.states import TaskState
from scheduler.store.asset_events import NewEvent, Source, put_events
from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import asset_check, asset_held
from scheduler.store.tasks import tasks_named
from scheduler.store.upsert import insert_into, replacing
from scheduler.wire import Data

H = asset_held.c
C = asset_check.c
_MINE: Final = (
    H.run_pk == sa.bindparam("pk"),
    H.task_id == sa.bindparam("task"),
    H.path == sa.bindparam("at"),
)
_HELD: Final = sa.select(H.id, H.change).where(H.run_pk == sa.bindparam("pk")).order_by(H.id)


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


def release_held(session: Session, now: datetime, run_pk: int, graph: TaskGraph) -> None:
    """Write the events of those withheld changes of a locked run of which all blocking checks have succeeded."""
    found = session.execute(_HELD, {"pk": run_pk}).all()
    if not found:
        return
    checks = blocking_checks(graph.tasks.values())
    passed = _succeeded(session, run_pk, checks)
    events = {row.id: _event_of(row.change) for row in found}
    free = {
        key: event
        for key, event in events.items()
        if all(task_id in passed for task_id, check in checks.items() if is_of(check, event.change))
    }
    session.execute(sa.delete(asset_held).where(one_of(H.id, "ids")), {"ids": sorted(free)})
    put_events(session, now, list(free.values()))


def _succeeded(session: Session, run_pk: int, task_ids: Collection[str]) -> set[str]:
    """Return those of these tasks of which all instances have."""
    states: defaultdict[str, set[TaskState]] = defaultdict(set)
    for row in tasks_named(session, run_pk, task_ids):
        states[row.task_id].add(row.state)
    return {name for name, found in states.items() if found - {TaskState.REMOVED} == {TaskState.SUCCESS}}


def _event_of(kept: Data) -> NewEvent:
    return NewEvent(Change(**kept["change"]), Source(**kept["source"]))


def mark_text(change: Change) -> str:
    """Return by what a change is known that is withheld."""
    return change.name or change.uri
