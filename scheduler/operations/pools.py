"""Make, change and delete pools."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from scheduler.errors import Conflict
from scheduler.operations.names import check_name, check_text
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.pools import Pool, delete_pool, find_pool, put_pool
from scheduler.store.transaction import request_wake

MOST_SLOTS: Final = 1_000_000_000


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

    Raises BadName, BadParams, and Conflict for a size that cannot be.
    """
    check_pool(name, slots, description or "")
    before = find_pool(session, name)
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


def check_pool(name: str, slots: int, description: str = "") -> None:
    """Raise BadName, BadParams and Conflict for what cannot be set."""
    check_name("pool", name)
    check_text(f"The description of pool {name!r}", description)
    if not 0 <= slots <= MOST_SLOTS:
        raise Conflict(f"Pool {name!r} cannot have {slots} slots; give 0 to {MOST_SLOTS:,}.")


def remove_pool(session: Session, now: datetime, name: str, *, actor: str) -> None:
    """Delete a pool; its tasks wait until it is back. Raises NotFound, and Conflict for the default pool."""
    delete_pool(session, name)
    append(session, [Event(at=now, kind="pool.deleted", actor=actor, reason=name)])
    request_wake(session)
