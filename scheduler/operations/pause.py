"""Pause and resume DAGs. A paused DAG gets no new scheduled runs; what runs goes on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from scheduler.store import dags
from scheduler.store.engine import Session


def set_paused(
    session: Session, now: datetime, dag_ids: Collection[str], *, is_paused: bool, actor: str
) -> list[str]:
    """Pause or resume DAGs; return those that were not so already. Raises NotFound for an unknown one."""
    for dag_id in sorted(dag_ids):
        dags.get_dag(session, dag_id)
    return dags.set_paused(session, now, dag_ids, is_paused=is_paused, actor=actor)
