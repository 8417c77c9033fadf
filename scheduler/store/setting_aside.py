"""Set aside what cannot be gone on with, so that the others can; what was set aside is tried again.

A run stays queued or running, with the reason where people look; a DAG has no scheduled run created meanwhile.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.tables import dag, dag_run

#: What was set aside is tried again after so long, or once somebody touches it.
AGAIN_IN: Final = timedelta(minutes=5)

R = dag_run.c


def set_run_aside(session: Session, now: datetime, run_pk: int, reason: str) -> None:
    """Leave a run out of planning, starting, admission and rescue for a while."""
    values = {"is_aside": True, "reason": reason, "wake_at": now + AGAIN_IN, "needs_planning": False}
    statement = sa.update(dag_run).where(R.id == run_pk).values(values)
    for dag_id in session.scalars(statement.returning(R.dag_id)):
        append(session, [Event(at=now, kind="run.set_aside", dag_id=dag_id, run_pk=run_pk, reason=reason)])


def set_dag_aside(session: Session, now: datetime, dag_id: str, reason: str) -> None:
    """Have no scheduled run of a DAG created for a while; reading its file in anew ends that."""
    statement = sa.update(dag).where(dag.c.dag_id == dag_id)
    session.execute(statement.values(aside_until=now + AGAIN_IN, aside_reason=reason))
    append(session, [Event(at=now, kind="dag.set_aside", dag_id=dag_id, reason=reason)])


def take_run_up(session: Session, run_pk: int) -> None:
    """Try a run again that was set aside; the caller flags it."""
    statement = sa.update(dag_run).where(R.id == run_pk, R.is_aside)
    session.execute(statement.values(is_aside=False, reason=""))
