"""DAGs that people keep at hand."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.store.engine import Session
from scheduler.store.tables import dag_favorite
from scheduler.store.upsert import insert_for

F = dag_favorite.c


def set_favorite(session: Session, dag_id: str, user_name: str, *, is_favorite: bool) -> None:
    """Keep a DAG as somebody's favourite, or no longer."""
    if is_favorite:
        row = {"dag_id": dag_id, "user_name": user_name}
        session.execute(insert_for(session.dialect.name, dag_favorite).on_conflict_do_nothing(), [row])
        return
    session.execute(sa.delete(dag_favorite).where(F.dag_id == dag_id, F.user_name == user_name))


def is_favorite(session: Session, dag_id: str, user_name: str) -> bool:
    """Tell whether a DAG is somebody's favourite."""
    found = sa.select(F.dag_id).where(F.dag_id == dag_id, F.user_name == user_name)
    return session.scalar(found) is not None
