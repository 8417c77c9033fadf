"""Bring a database's tables to what this program needs. Where nothing is to do, that costs one SELECT.

Programs of two releases use one database while an installation is upgraded host by host. The newer one changes the
tables; the older one goes on, and may be started again, as long as the tables say that it can work with them.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any, Final, Protocol

import sqlalchemy as sa

from scheduler.errors import NewerDatabase, OlderDatabase
from scheduler.store.engine import Database, Session
from scheduler.store.migrations import HEAD, OLDEST, REVISIONS
from scheduler.store.tables import metadata, pool, table_form

log: Final = logging.getLogger(__name__)

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

    Tables of a newer release are left as they are, where this program can work with them. One transaction: a
    migration that fails leaves the database as it was. Raises NewerDatabase.
    """
    found = current(db)
    if found == HEAD:
        return
    if is_ahead(found):
        log.warning("%s", ahead_in_words(db, found))
        return
    with db.change_tables() as session:
        _upgrade(session)


def upgrade_beside_others(db: Database, oldest: str = OLDEST) -> None:
    """Do the same where programs of the release before may be at work: change nothing that they could not bear.

    Raises NewerDatabase, OlderDatabase.
    """
    found = current(db)
    if found is not None and not is_ahead(found) and found < oldest:
        raise OlderDatabase(
            f"The database {db.name} is at {found}; programs of then cannot work with the tables that this one needs "
            f"(at {HEAD}). Stop all servers, run `dirigent db upgrade`, and start them again."
        )
    upgrade(db)


def is_ahead(revision: str | None) -> bool:
    """Tell whether tables are of a newer release than this program."""
    return revision is not None and revision not in REVISIONS


def ahead_in_words(db: Database, revision: str | None) -> str:
    """Say that tables are of a newer release that this program can work with."""
    return (
        f"{db.name} is at {revision}, ahead of this program ({HEAD}), which can work with it for now. Upgrade this "
        "host soon."
    )


def downgrade(db: Database, revision: str) -> None:
    """Undo the migrations after `revision`; `base` drops all tables, with what they hold. Raises NewerDatabase."""
    found = current(db)
    if is_ahead(found):
        raise _newer(db, found)
    with db.change_tables() as session:
        _alembic().downgrade(session, revision)


def current(db: Database) -> str | None:
    """Return the revision of the database, None where it has no tables yet.

    Raises NewerDatabase where its tables are of a newer release and this program cannot work with them.
    """
    with db.read() as session:
        found = _revision(session)
        if is_ahead(found) and not _bears(session):
            raise _newer(db, found)
        return found


def _upgrade(session: Session) -> None:
    # The savepoint outlives the error that PostgreSQL answers where the table is missing.
    with session.begin_nested() as savepoint:
        revision = _revision(session)
        savepoint.rollback()
    match revision:
        case None:
            _create(session)
        case str() if revision != HEAD and not is_ahead(revision):
            _alembic().upgrade(session, HEAD)


def _create(session: Session) -> None:
    """Create the newest form at once, without Alembic; a test holds that both ways make the same tables."""
    metadata.create_all(session)
    session.execute(pool.insert().values(DEFAULT_POOL))
    _version.create(session, checkfirst=True)
    session.execute(table_form.insert().values(oldest=OLDEST))
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


def _bears(session: Session) -> bool:
    """Tell whether newer tables bear this program. Revisions are numbers of one length."""
    oldest = session.scalar(sa.select(table_form.c.oldest))
    return oldest is not None and oldest <= HEAD


def _newer(db: Database, revision: str | None) -> NewerDatabase:
    return NewerDatabase(
        f"The database {db.name} was migrated by a newer Dirigent "
        f"(to {revision}; this one knows up to {HEAD}). "
        "Install that version, or go back with its `dirigent db downgrade`."
    )


def _alembic() -> Migrations:
    # Not imported above: loading Alembic takes 0.1 s, and hardly any start needs it.
    module: Any = import_module("scheduler.store.migrations.run")
    migrations: Migrations = module
    return migrations
