"""A copy of an SQLite database while it is in use, and the way back. PostgreSQL has tools of its own for both."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from scheduler.errors import BadBackup
from scheduler.store.engine import Database
from scheduler.store.migrations import REVISIONS
from scheduler.store.sqlite import patiently
from scheduler.store.tables import api_token, sign_in_token
from scheduler.store.tables import session as web_session

_PG: Final = (
    "{name} is no SQLite file; use PostgreSQL's own tools: `pg_dump --format=custom --file=FILE DATABASE`, and "
    "`pg_restore --clean --if-exists --dbname=DATABASE FILE` while no server runs."
)


def back_up(db: Database, target: Path) -> int:
    """Write what the database holds at one instant to a new file, 0600; return its bytes.

    Readers and writers go on meanwhile. The file is there when it is whole. Raises BadBackup for another kind of
    database, and where the target is there already or cannot be written.
    """
    source = _file_of(db)
    partial = target.with_name(f"{target.name}.part")
    if target.exists():
        raise BadBackup(f"{target} is there already; name a file that is not.")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(source)) as from_, closing(sqlite3.connect(partial)) as to:
            patiently(lambda: from_.backup(to))
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise BadBackup(f"{target} cannot be written: {error}.") from error
    return target.stat().st_size


def restore(db: Database, source: Path) -> str:
    """Put the content of a backup in place of all that the database holds, at once; return its revision.

    Nobody is signed in afterwards. No server may run meanwhile.
    Raises BadBackup for a file that is no whole backup, or one of a newer Dirigent.
    """
    file = target_of(db, source)
    try:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as from_:
            revision = _revision(from_, source)
            with closing(sqlite3.connect(file)) as to:
                patiently(lambda: from_.backup(to))
                _sign_out(to)
    except sqlite3.Error as error:
        raise BadBackup(f"{source} cannot be restored: {error}.") from error
    return revision


def _sign_out(restored: sqlite3.Connection) -> None:
    """Forget sessions, links and tokens: one that was ended after the backup would let somebody in again."""
    there = {name for (name,) in restored.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    with restored:
        for table in (web_session, sign_in_token, api_token):
            if table.name in there:
                restored.execute(f'DELETE FROM "{table.name}"')


def target_of(db: Database, source: Path) -> Path:
    """Return the file that a backup would replace; raises BadBackup where it could not, or there is no backup."""
    file = _file_of(db)
    if not source.is_file():
        raise BadBackup(f"There is no file {source}.")
    return file


def _file_of(db: Database) -> Path:
    if db.url.get_backend_name() != "sqlite":
        raise BadBackup(_PG.format(name=db.name))
    return Path(str(db.url.database))


def _revision(backup: sqlite3.Connection, source: Path) -> str:
    [found] = backup.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise BadBackup(f"{source} is damaged: {found}.")
    try:
        [revision] = backup.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.OperationalError, TypeError):
        raise BadBackup(f"{source} is no backup of Dirigent: it lacks the mark of its tables.") from None
    if revision not in REVISIONS:
        raise BadBackup(
            f"{source} is at {revision}, which this program does not know: upgrade Dirigent first."
        )
    return str(revision)
