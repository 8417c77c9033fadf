"""Ask for a look at the repository that DAG files come from. The leader looks; who asks does not wait."""

from __future__ import annotations

from datetime import datetime

from scheduler.errors import Conflict
from scheduler.store.bundles import request_refresh
from scheduler.store.engine import Session


def refresh_bundle(session: Session, now: datetime, *, actor: str) -> None:
    """Have the repository fetched at once. Asking again before that has begun changes nothing. Raises Conflict."""
    if not request_refresh(session, now, actor):
        raise Conflict(
            "DAG files come from no repository, or no scheduler has led yet. Set DIRIGENT_DAGS_GIT_URL to one."
        )
