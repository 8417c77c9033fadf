"""What Alembic runs: in the session it is given, or in one of its own for `alembic upgrade head`."""

from __future__ import annotations

import os
from pathlib import Path

from alembic import context

from scheduler.config import load_settings
from scheduler.store.engine import Database, Session
from scheduler.store.tables import metadata


def _migrate(session: Session) -> None:
    context.configure(
        connection=session, target_metadata=metadata, render_as_batch=True, transaction_per_migration=False
    )
    context.run_migrations()


def _migrate_in_own_session() -> None:
    db = Database(load_settings(os.environ, Path.cwd()).database_url)
    try:
        with db.change_tables() as session:
            _migrate(session)
    finally:
        db.close()


given = context.config.attributes.get("session")
if given is None:
    _migrate_in_own_session()
else:
    _migrate(given)
