"""What a task keeps between its attempts, and what is kept with an asset. JSON as text, as of XComs.

A state belongs to an instance of a task in one run, or to an asset by its name. It is deleted with its run, or when it
expires; one that has expired is not there any more, whether or not somebody has swept it away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.errors import Conflict, NotSerializable, TooLarge
from scheduler.store.engine import Session
from scheduler.store.tables import asset_state, task_state
from scheduler.store.upsert import insert_into, replacing
from scheduler.wire import STATE_LIMIT, Json

S = task_state.c
A = asset_state.c
#: Keys of one task instance, or of one asset.
MOST_KEYS: Final = 250


@dataclass(frozen=True, slots=True)
class TaskScope:
    """A task instance of a run."""

    run_pk: int
    task_id: str
    path: str

    table = task_state

    @property
    def facts(self) -> dict[str, Any]:
        """The columns that name it."""
        return {"run_pk": self.run_pk, "task_id": self.task_id, "path": self.path}


@dataclass(frozen=True, slots=True)
class InstancesScope:
    """All instances of a task in a run: what is deleted together."""

    run_pk: int
    task_id: str

    table = task_state

    @property
    def facts(self) -> dict[str, Any]:
        """The columns that name them."""
        return {"run_pk": self.run_pk, "task_id": self.task_id}


@dataclass(frozen=True, slots=True)
class AssetScope:
    """An asset, by its name."""

    asset: str

    table = asset_state

    @property
    def facts(self) -> dict[str, Any]:
        """The column that names it."""
        return {"asset": self.asset}


Scope = TaskScope | AssetScope


@dataclass(frozen=True, slots=True)
class StateRow:
    """One value that is kept, as people see it."""

    key: str
    text: str  #: JSON, but for a number that was masked as a secret
    updated_at: datetime
    expires_at: datetime | None = None
    updated_by: str = ""

    @property
    def value(self) -> Json:
        """What the text holds; the text itself where the mask left no JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return self.text


def put_state(
    session: Session,
    now: datetime,
    scope: Scope,
    key: str,
    value: Json,
    *,
    shown: str | None = None,
    expires_at: datetime | None = None,
    updated_by: str = "",
) -> None:
    """Keep a value, in place of one of that key; `shown` is its text as people see it, where a secret is in it.

    Raises NotSerializable, TooLarge, Conflict beyond MOST_KEYS.
    """
    text = _encoded(key, value)
    _check_room(session, scope, key)
    more = {"updated_by": updated_by} if scope.table is asset_state else {"expires_at": expires_at}
    values = {**scope.facts, "key": key, "value": text, "shown": shown, "updated_at": now, **more}
    statement = replacing(insert_into(session, scope.table), "value", "shown", "updated_at", *more)
    session.execute(statement, values)


def _encoded(key: str, value: Json) -> str:
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise NotSerializable(f"The state {key!r} is not JSON: {error}.") from error
    if len(text) > STATE_LIMIT:
        what = f"The state {key!r} (keep large data in a file and its path here)"
        raise TooLarge(what, len(text), STATE_LIMIT)
    return text


def _check_room(session: Session, scope: Scope, key: str) -> None:
    others = sa.select(sa.func.count()).select_from(scope.table)
    others = others.where(_is_of(scope), scope.table.c.key != key)
    if (session.scalar(others) or 0) >= MOST_KEYS:
        raise Conflict(
            f"{MOST_KEYS} keys are kept already, and {key!r} would be one more: delete some, or keep a dict."
        )


def get_state(session: Session, now: datetime, scope: Scope, key: str) -> Json | None:
    """Return a value, or None where there is none."""
    column = scope.table.c
    text = session.scalar(sa.select(column.value).where(_is_of(scope), column.key == key, _lasts(scope, now)))
    return None if text is None else json.loads(text)


def list_states(session: Session, now: datetime, scope: Scope) -> list[StateRow]:
    """Return all that is kept, by key, without secrets that those who kept it were given."""
    column = scope.table.c
    last = (
        (sa.null(), column.updated_by) if scope.table is asset_state else (column.expires_at, sa.literal(""))
    )
    text = sa.func.coalesce(column.shown, column.value)
    query = sa.select(column.key, text, column.updated_at, *last)
    return [
        StateRow(*row)
        for row in session.execute(query.where(_is_of(scope), _lasts(scope, now)).order_by(column.key))
    ]


def delete_states(session: Session, scope: Scope | InstancesScope, key: str | None = None) -> int:
    """Delete a key, or all without one; return how many there were."""
    statement = sa.delete(scope.table).where(_is_of(scope))
    if key is not None:
        statement = statement.where(scope.table.c.key == key)
    return session.execute(statement).rowcount


def delete_expired(session: Session, now: datetime, limit: int) -> int:
    """Delete what has expired, at most so many; return how many."""
    names = (S.run_pk, S.task_id, S.path, S.key)
    old = sa.select(*names).where(S.expires_at.is_not(None), S.expires_at <= now).limit(limit)
    return session.execute(sa.delete(task_state).where(sa.tuple_(*names).in_(old))).rowcount


def _is_of(scope: Scope | InstancesScope) -> sa.ColumnElement[bool]:
    return sa.and_(*(scope.table.c[name] == value for name, value in scope.facts.items()))


def _lasts(scope: Scope, now: datetime) -> sa.ColumnElement[bool]:
    if scope.table is asset_state:
        return sa.true()
    return sa.or_(S.expires_at.is_(None), S.expires_at > now)
