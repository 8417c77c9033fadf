"""How far listeners of plugins have come, what they are to hear next, and what went wrong with one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import asset, asset_event, dag_file, dag_run, event, listener, task_instance
from scheduler.store.upsert import insert_into, replacing

E, L, N = event.c, listener.c, asset_event.c
Stream = Literal["events", "asset_events"]
#: A file could not be imported, or in another way than before; `reason` is its path.
FILE_BROKEN: Final = "file.broken"
_TOLD: Final = ("run.state", "task.state", FILE_BROKEN)
_ERROR: Final = 2000
Row = dict[str, Any]
_SOURCE: Final[dict[Stream, sa.Table]] = {"events": event, "asset_events": asset_event}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A row of a stream, with the rows that it is about; the columns of one that is not there are None."""

    id: int
    kind: str
    from_state: str | None = None
    to_state: str | None = None
    reason: str = ""
    run: Row = field(default_factory=dict)
    task: Row = field(default_factory=dict)
    file: Row = field(default_factory=dict)
    change: Row = field(default_factory=dict)  #: of an asset
    asset: Row = field(default_factory=dict)


def begin(session: Session, now: datetime, name: str) -> dict[Stream, int]:
    """Return the positions of a listener; a new one begins with what happens from now on. Its error is forgotten."""
    newest = {f"{stream}_id": _newest(session, table) for stream, table in _SOURCE.items()}
    made = insert_into(session, listener).values(name=name, **newest, error="", error_at=now)
    session.execute(replacing(made, "error", "error_at"))
    row = session.execute(sa.select(L.events_id, L.asset_events_id).where(L.name == name)).one()
    return {"events": row.events_id, "asset_events": row.asset_events_id}


def _newest(session: Session, table: sa.Table) -> int:
    return session.scalar(sa.select(sa.func.max(table.c.id))) or 0


def keep_position(session: Session, name: str, stream: Stream, position: int) -> None:
    """Note that a listener has heard all up to here; never less, as another server may have told more meanwhile."""
    column = L[f"{stream}_id"]
    session.execute(
        sa.update(listener).where(L.name == name, column < position).values({column.name: position})
    )


def keep_error(session: Session, now: datetime, name: str, error: str) -> None:
    """Note what went wrong last with a listener."""
    session.execute(
        sa.update(listener)
        .where(L.name == name)
        .values(error=error[:_ERROR].replace("\0", "\ufffd"), error_at=now)
    )


def errors_of_listeners(session: Session) -> dict[str, str]:
    """Return what went wrong last with each listener, of those with whom something did."""
    rows = session.execute(sa.select(L.name, L.error).where(L.error != ""))
    return {row.name: row.error for row in rows}


def read_stream(
    session: Session, stream: Stream, top: int, gaps: Collection[int], limit: int
) -> Sequence[Happening]:
    """Return the rows after `top`, and those of the gaps that are there by now, in order of their numbers."""
    read = _events if stream == "events" else _asset_events
    table = _SOURCE[stream]
    late = read(session, one_of(table.c.id, "gaps"), limit, {"gaps": sorted(gaps)}) if gaps else []
    return [*late, *read(session, table.c.id > top, limit, {})]


def _events(
    session: Session, where: sa.ColumnElement[bool], limit: int, binds: dict[str, Any]
) -> list[Happening]:
    """Read events; those that nobody listens for come without what they are about."""
    is_told = E.kind.in_(_TOLD)
    columns = [E.id, E.kind, E.from_state, E.to_state, E.reason]
    more = [("run", dag_run), ("task", task_instance), ("file", dag_file)]
    query = (
        sa.select(*columns, *(column for name, table in more for column in _prefixed(table, name)))
        .outerjoin(dag_run, sa.and_(is_told, dag_run.c.id == E.run_pk))
        .outerjoin(task_instance, sa.and_(is_told, task_instance.c.id == E.ti_id))
        .outerjoin(dag_file, sa.and_(E.kind == FILE_BROKEN, dag_file.c.path == E.reason))
        .where(where)
        .order_by(E.id)
        .limit(limit)
    )
    return [
        Happening(
            **{each.name: row[at] for at, each in enumerate(columns)},
            **_parts(row, [name for name, _ in more]),
        )
        for row in session.execute(query, binds)
    ]


def _asset_events(
    session: Session, where: sa.ColumnElement[bool], limit: int, binds: dict[str, Any]
) -> list[Happening]:
    query = (
        sa.select(*_prefixed(asset_event, "change"), *_prefixed(asset, "asset"))
        .outerjoin(asset, asset.c.name == N.name)
        .where(where)
        .order_by(N.id)
        .limit(limit)
    )
    found = (_parts(row, ["change", "asset"]) for row in session.execute(query, binds))
    return [Happening(id=parts["change"]["id"], kind="asset.event", **parts) for parts in found]


def _prefixed(table: sa.Table, name: str) -> list[sa.Label[Any]]:
    return [column.label(f"{name}:{column.name}") for column in table.columns]


def _parts(row: sa.Row[Any], names: Sequence[str]) -> dict[str, Any]:
    """Split a row into those of its tables."""
    parts: dict[str, Row] = {name: {} for name in names}
    for label, value in row._mapping.items():
        table, colon, column = str(label).partition(":")
        if colon:
            parts[table][column] = value
    return parts
