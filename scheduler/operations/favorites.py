"""Keep DAGs at hand."""

from __future__ import annotations

from scheduler.store import favorites
from scheduler.store.dags import get_dag
from scheduler.store.engine import Session


def set_favorite(session: Session, dag_id: str, user_name: str, *, is_favorite: bool) -> None:
    """Keep a DAG as somebody's favourite, or no longer. Raises NotFound."""
    get_dag(session, dag_id)
    favorites.set_favorite(session, dag_id, user_name, is_favorite=is_favorite)
