"""Make, change and delete pools."""

from __future__ import annotations

from datetime import datetime

from scheduler.operations.names import check_name
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.pools import Pool, delete_pool, find_pool, put_pool
from scheduler.store.transaction import request_wake


def set_pool(
    session: Session,
    now: datetime,
    name: str,
    slots: int,
    *,
    description: str | None = None,
    include_deferred: bool | None = None,
    actor: str,
) -> Pool:
    """Make a pool or change its size; what is given as None stays. Return it as it is now.

    Raises BadName, and Conflict for a negative size.
    """
    before = find_pool(session, check_name("pool", name))
    kept = before or Pool(name, slots)
    wanted = Pool(
        name,
        slots,
        kept.description if description is None else description,
        kept.include_deferred if include_deferred is None else include_deferred,
    )
    put_pool(session, wanted)
    append(session, [Event(at=now, kind="pool.set", actor=actor, reason=f"{name}: {slots} slots")])
    return wanted


def remove_pool(session: Session, now: datetime, name: str, *, actor: str) -> None:
    """Delete a pool; its tasks wait until it is back. Raises NotFound, and Conflict for the default pool."""
    delete_pool(session, name)
    append(session, [Event(at=now, kind="pool.deleted", actor=actor, reason=name)])
    request_wake(session)
