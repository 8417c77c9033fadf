"""What goes wrong between Dirigent and its database, told in sentences that never hold a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa

from scheduler.errors import BadParams, DatabaseFull, DatabaseUnavailable

#: PostgreSQL: serialization_failure, deadlock_detected. Nothing is left behind; all may be tried again.
_CONTENDED: Final = frozenset({"40001", "40P01"})
#: PostgreSQL: a value is too large for what should hold it. The database is well; trying again changes nothing.
_TOO_LARGE: Final = "54"
_BUSY: Final = ("database is locked", "database table is locked", "database schema is locked")

#: SQLite: a text that somebody looks for is longer than it compares with.
_TOO_LONG: Final = "pattern too complex"

#: SQLite, and what PostgreSQL hands on of its operating system.
_FULL: Final = ("disk is full", "no space left on device")

_REMEDIES: Final = (
    ("locked", "Another process has been writing to it for a long time; find and stop that one."),
    ("unable to open database file", "Check that the folder exists and that this user may write to it."),
    ("readonly database", "Check that this user may write to the file and to its folder."),
    (
        "file is not a database",
        "Point DIRIGENT_DATABASE_URL at another file, or restore this one from a backup.",
    ),
    ("malformed", "The file is damaged; restore it from a backup."),
    *((full, "Free some space on the disk that holds it.") for full in _FULL),
    ("disk i/o error", "Check the disk that holds it, and its free space."),
    ("password authentication failed", "Check the user name and password in DIRIGENT_DATABASE_URL."),
    ("does not exist", "Create it, or correct the name in DIRIGENT_DATABASE_URL."),
    ("too many", "Allow more connections on the server, or run fewer processes."),
)
_REMEDY_ELSE: Final = "Check that the server runs and that DIRIGENT_DATABASE_URL names it."


class Contended(DatabaseUnavailable):
    """Another transaction was in the way; nothing was written, so it may all be tried again."""


def is_busy(error: sa.exc.DBAPIError) -> bool:
    """Tell whether SQLite found another process writing."""
    text = str(error.orig)
    return any(sign in text for sign in _BUSY)


def _is_contended(error: sa.exc.DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in _CONTENDED


def is_outage(error: Exception) -> bool:
    """Tell whether the database cannot be used, or somebody was in the way: what was asked of it is not to blame."""
    if isinstance(error, sa.exc.DBAPIError):
        return _is_outage(error)
    return isinstance(error, DatabaseUnavailable)


def _is_outage(error: sa.exc.DBAPIError) -> bool:
    if (getattr(error.orig, "sqlstate", None) or "").startswith(_TOO_LARGE) or _TOO_LONG in str(error.orig):
        return False
    # SQLite tells of a damaged file by DatabaseError itself, the parent of IntegrityError and others.
    is_outage = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return error.connection_invalidated or is_outage or type(error) is sa.exc.DatabaseError


def unavailable(where: str, error: sa.exc.DBAPIError) -> DatabaseUnavailable:
    """Make the error that a person reads; `where` is the URL without its password."""
    said = " ".join(str(error.orig).split()) or type(error.orig).__name__
    remedy = next((text for sign, text in _REMEDIES if sign in said.lower()), _REMEDY_ELSE)
    return _kind_of(error, said.lower())(f"The database {where} cannot be used: {said.rstrip('.')}. {remedy}")


def _kind_of(error: sa.exc.DBAPIError, said: str) -> type[DatabaseUnavailable]:
    if _is_contended(error):
        return Contended
    return DatabaseFull if any(sign in said for sign in _FULL) else DatabaseUnavailable


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn outages into DatabaseUnavailable, deadlocks into Contended, and a search for too long a text into BadParams.

    Other errors are left as they are.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        if _TOO_LONG in str(error.orig):
            raise BadParams("What is looked for is too long for the database: give a part of it.") from error
        if not _is_outage(error):
            raise
        raise unavailable(where, error) from error
