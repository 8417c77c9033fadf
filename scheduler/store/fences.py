"""Whether an attempt may still write: its lease may be gone and another attempt in its place."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from scheduler.core.states import AttemptState
from scheduler.errors import Conflict
from scheduler.store.engine import Session
from scheduler.store.tables import attempt

_LIVE = (
    sa.select(attempt.c.run_pk, attempt.c.cancel_reason.is_not(None))
    .where(
        attempt.c.id == sa.bindparam("attempt_id"),
        attempt.c.epoch == sa.bindparam("epoch"),
        attempt.c.state == AttemptState.RUNNING,
    )
    .with_for_update(read=True)
)


@dataclass(frozen=True, slots=True)
class Live:
    """A live attempt: its run, and whether somebody cancelled, marked or cleared its task, so that it is to end."""

    run_pk: int
    is_stopping: bool


def require_live(session: Session, attempt_id: int, epoch: int) -> Live:
    """Return what stands of an attempt that is live; it stays so until the end of the transaction.

    Raises Conflict for one that was lost, has ended or was claimed anew: what it writes would mix with another's.
    """
    row = session.execute(_LIVE, {"attempt_id": attempt_id, "epoch": epoch}).one_or_none()
    if row is None:
        raise Conflict("This attempt is no longer the live one of its task; what it writes is refused.")
    return Live(*row)
