"""Whether an attempt may still write: its lease may be gone and another attempt in its place."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.core.states import AttemptState
from scheduler.errors import Conflict
from scheduler.store.engine import Session
from scheduler.store.tables import attempt

_LIVE = (
    sa.select(attempt.c.run_pk)
    .where(
        attempt.c.id == sa.bindparam("attempt_id"),
        attempt.c.epoch == sa.bindparam("epoch"),
        attempt.c.state == AttemptState.RUNNING,
    )
    .with_for_update(read=True)
)


def require_live(session: Session, attempt_id: int, epoch: int) -> int:
    """Return the run of an attempt that is live; it stays so until the end of the transaction.

    Raises Conflict for one that was lost, cancelled or claimed anew: what it writes would mix with another's.
    """
    run_pk = session.execute(_LIVE, {"attempt_id": attempt_id, "epoch": epoch}).scalar()
    if run_pk is None:
        raise Conflict("This attempt is no longer the live one of its task; what it writes is refused.")
    return int(run_pk)
