"""Keys of partitions, as people give them and take them away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from scheduler.errors import BadParams
from scheduler.operations.finding import get_run
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.runs import forget_partitions

_LONGEST: Final = 250


def check_partition_key(key: str | None) -> str | None:
    """Return a key that may be used; nothing at all is none. Raises BadParams for one that is too long or blank."""
    if not key:
        return None
    if not key.strip() or len(key) > _LONGEST:
        raise BadParams(
            f"The partition key {key[:40]!r} must have 1 to {_LONGEST} characters, and not only blanks."
        )
    return key


def forget_partition(
    session: Session, now: datetime, dag_id: str, run_ids: Sequence[str], *, actor: str
) -> None:
    """Have runs name no partition any more. Raises NotFound."""
    run_pks = [get_run(session, dag_id, each).id for each in run_ids]
    forget_partitions(session, run_pks)
    append(
        session,
        [
            Event(at=now, kind="run.partition_forgotten", dag_id=dag_id, run_pk=each, actor=actor)
            for each in run_pks
        ],
    )
