"""Values that tasks hand to each other. JSON as text; `sdk.xcom` decides what stands in it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from scheduler.errors import NotSerializable, TooLarge
from scheduler.items import length_of
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.tables import xcom
from scheduler.store.upsert import Insert, insert_for, replacing
from scheduler.wire import XCOM_LIMIT_BYTES, Json

X = xcom.c
#: The key under which a task's return value stands.
RETURN_VALUE: Final = "return_value"


@dataclass(frozen=True, slots=True)
class XComRow:
    """One value of one task instance."""

    run_pk: int
    task_id: str
    path: str
    key: str
    value: Json
    #: The beginning of its text as people see it, where there is a secret in it.
    shown: str | None = None


def put_xcoms(session: Session, now: datetime, rows: Sequence[XComRow]) -> None:
    """Store values, over those of the same key. One statement. Raises NotSerializable and TooLarge."""
    if rows:
        session.execute(_put(session.dialect.name), [_values(row, now) for row in rows])


@cache
def _put(dialect: str) -> Insert:
    return replacing(insert_for(dialect, xcom), "value", "shown", "length", "updated_at")


def _values(row: XComRow, now: datetime) -> dict[str, Any]:
    return {
        "run_pk": row.run_pk,
        "task_id": row.task_id,
        "path": row.path,
        "key": row.key,
        "value": _encoded(row),
        "shown": row.shown,
        "length": length_of(row.value),
        "updated_at": now,
    }


def _encoded(row: XComRow) -> str:
    try:
        text = json.dumps(row.value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise NotSerializable(f"The XCom {row.key!r} of {row.task_id} is not JSON: {error}.") from error
    if len(text) > XCOM_LIMIT_BYTES:
        raise TooLarge(f"The XCom {row.key!r} of {row.task_id}", len(text), XCOM_LIMIT_BYTES)
    return text


def get_xcom(session: Session, run_pk: int, task_id: str, key: str, *, path: str = "") -> Json | None:
    """Return a value, or None where nothing was stored."""
    query = sa.select(X.value).where(X.run_pk == run_pk, X.task_id == task_id, X.path == path, X.key == key)
    text = session.scalar(query)
    return None if text is None else json.loads(text)


def has_xcom(session: Session, run_pk: int, task_id: str, key: str, *, path: str = "") -> bool:
    """Tell whether a value was stored: it may be null."""
    query = sa.select(X.key).where(X.run_pk == run_pk, X.task_id == task_id, X.path == path, X.key == key)
    return session.scalar(query) is not None


def delete_xcom(session: Session, run_pk: int, task_id: str, key: str, *, path: str = "") -> bool:
    """Delete one value; tell whether there was one."""
    where = (X.run_pk == run_pk, X.task_id == task_id, X.path == path, X.key == key)
    return session.execute(sa.delete(xcom).where(*where)).rowcount > 0


def list_xcoms(session: Session, run_pk: int, task_id: str, *, path: str = "") -> list[XComRow]:
    """Return all values of one task instance, by key."""
    query = sa.select(X.run_pk, X.task_id, X.path, X.key, X.value)
    query = query.where(X.run_pk == run_pk, X.task_id == task_id, X.path == path).order_by(X.key)
    return [XComRow(*row[:4], json.loads(row[4])) for row in session.execute(query)]


def delete_xcoms(session: Session, run_pk: int, keys: Collection[tuple[str, str]]) -> None:
    """Delete all values of task instances of a run, named as (task_id, path): they are about to run again."""
    for batch in in_batches(sorted(keys), 1000):
        session.execute(sa.delete(xcom).where(X.run_pk == run_pk, sa.tuple_(X.task_id, X.path).in_(batch)))
