"""Bring a database's tables to what this program needs. Where nothing is to do, that costs one SELECT."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, Protocol

import sqlalchemy as sa

from scheduler.errors import NewerDatabase
from scheduler.store.engine import Database, Session
from scheduler.store.migrations import HEAD, REVISIONS
from scheduler.store.tables import metadata, pool

_version = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


class Migrations(Protocol):
    """What `migrations.run` offers."""

    def upgrade(self, session: Session, revision: str) -> None:
        """Run the revisions up to `revision`."""

    def downgrade(self, session: Session, revision: str) -> None:
        """Undo the revisions after `revision`."""


#: What every new database holds.
DEFAULT_POOL: Final = {
    "name": "default_pool",
    "slots": 128,
    "description": "Where tasks run that name no pool.",
}


def upgrade(db: Database) -> None:
    """Create the tables, or change older ones to the newest form; a second process waits for the first.

    One transaction: a migration that fails leaves the database as it was. Raises NewerDatabase.
    """
    if current(db) == HEAD:
        return
    with db.change_tables() as session:
        _upgrade(session)


def downgrade(db: Database, revision: str) -> None:
    """Undo the migrations after `revision`; `base` drops all tables, with what they hold."""
    current(db)
    with db.change_tables() as session:
        _alembic().downgrade(session, revision)


def current(db: Database) -> str | None:
    """Return the revision of the database, None where it has no tables yet. Raises NewerDatabase."""
    with db.read() as session:
        return _known(db, _revision(session))


def _upgrade(session: Session) -> None:
    # The savepoint outlives the error that PostgreSQL answers where the table is missing.
    with session.begin_nested() as savepoint:
        revision = _revision(session)
        savepoint.rollback()
    match revision:
        case None:
            _create(session)
        case str() if revision != HEAD:
            _alembic().upgrade(session, HEAD)


def _create(session: Session) -> None:
    """Create the newest form at once, without Alembic; a test holds that both ways make the same tables."""
    metadata.create_all(session)
    session.execute(pool.insert().values(DEFAULT_POOL))
    _version.create(session, checkfirst=True)
    session.execute(_version.insert().values(version_num=HEAD))


def _revision(session: Session) -> str | None:
    try:
        return session.scalar(sa.select(_version.c.version_num))
    except sa.exc.DBAPIError as error:
        if not _is_missing_table(error):
            raise
        return None


def _is_missing_table(error: sa.exc.DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", "") == "42P01" or "no such table" in str(error.orig)


def _known(db: Database, revision: str | None) -> str | None:
    if revision is None or revision in REVISIONS:
        return revision
    raise NewerDatabase(
        f"The database {db.name} was migrated by a newer Dirigent "
        f"(to {revision}; this one knows up to {HEAD}). "
        "Install that version, or go back with its `dirigent db downgrade`."
    )


def _alembic() -> Migrations:
    # Not imported above: loading Alembic takes 0.1 s, and hardly any start needs it.
    module: Any = import_module("scheduler.store.migrations.run")
    migrations: Migrations = module
    return migrations
