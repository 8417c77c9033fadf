"""Pools: how many tasks that share something scarce may run at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import sqlalchemy as sa

from scheduler.errors import Conflict, NotFound
from scheduler.store.engine import Session
from scheduler.store.tables import pool
from scheduler.store.transaction import request_wake
from scheduler.store.upsert import insert_into, replacing

P = pool.c
_CHANGED: Final = ("slots", "description", "include_deferred")
_POOLS: Final = sa.select(P.name, *(P[name] for name in _CHANGED))
#: The pool of tasks that name none; it cannot be deleted.
DEFAULT: Final = "default_pool"


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool and its size."""

    name: str
    slots: int
    description: str = ""
    include_deferred: bool = False  #: tasks that wait without a slot keep their places


def list_pools(session: Session) -> list[Pool]:
    """Return all pools by name."""
    return [Pool(*row) for row in session.execute(_POOLS.order_by(P.name))]


def find_pool(session: Session, name: str) -> Pool | None:
    """Return a pool, or None."""
    row = session.execute(_POOLS.where(P.name == name)).first()
    return None if row is None else Pool(*row)


def put_pool(session: Session, wanted: Pool) -> None:
    """Create a pool or change it; waiting tasks are looked at again. Raises Conflict for a negative size."""
    if wanted.slots < 0:
        raise Conflict(f"Pool {wanted.name!r} cannot have {wanted.slots} slots; give 0 or more.")
    session.execute(replacing(insert_into(session, pool), *_CHANGED), asdict(wanted))
    request_wake(session)


def delete_pool(session: Session, name: str) -> None:
    """Delete a pool; its tasks wait until it is back. Raises NotFound; Conflict for the default pool."""
    if name == DEFAULT:
        raise Conflict(f"{DEFAULT!r} cannot be deleted: tasks that name no pool run there. Give it 0 slots.")
    if session.execute(sa.delete(pool).where(P.name == name)).rowcount == 0:
        raise NotFound("pool", name)
