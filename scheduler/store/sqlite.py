"""How Dirigent opens SQLite: WAL, one writer at a time, and no driver that begins transactions on its own."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from scheduler.errors import DatabaseUnavailable
from scheduler.store.backend import Backend
from scheduler.store.faults import is_busy

OLDEST: Final = (3, 35, 0)
#: Longest wait for another process that writes, before a person is told.
PATIENCE_S: Final = 60.0
_BUSY_TIMEOUT_MS: Final = 1000


def require_version(found: tuple[int, ...]) -> None:
    """Raise DatabaseUnavailable when SQLite is older than 3.35, the first with RETURNING."""
    if found < OLDEST:
        have, need = ".".join(map(str, found)), ".".join(map(str, OLDEST[:2]))
        raise DatabaseUnavailable(
            f"SQLite {have} is too old: Dirigent needs {need} or newer. Use a newer Python, or set "
            "DIRIGENT_DATABASE_URL to a PostgreSQL server."
        )


def open_file(url: sa.URL) -> Path:
    """Return the database file, made with its folders where missing (0600 and 0700)."""
    if not url.database or url.database == ":memory:":
        raise DatabaseUnavailable(
            "SQLite in memory cannot be shared by threads; give a file: sqlite:///dirigent.db"
        )
    path = Path(url.database).expanduser().absolute()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(
            f"The database file {path} cannot be opened: {error.strerror}. "
            "Check that the folder exists and that this user may write to it."
        ) from error
    return path


def open_database(url: sa.URL, synchronous: str, options: dict[str, Any]) -> Backend:
    """Open the file with a pool for reads and a single connection for writes."""
    require_version(sqlite3.sqlite_version_info)
    path = open_file(url)
    url = sa.URL.create("sqlite", database=str(path))
    connect_args = {"check_same_thread": False, "isolation_level": None, "timeout": _BUSY_TIMEOUT_MS / 1000}
    options = {**options, "connect_args": connect_args}
    reads = sa.create_engine(url, pool_size=8, max_overflow=-1, pool_use_lifo=True, **options)
    writes = sa.create_engine(url, pool_size=1, max_overflow=0, **options)
    for engine, begin in ((reads, _begin_read), (writes, _begin_write)):
        sa.event.listen(engine, "connect", _settings(synchronous))
        sa.event.listen(engine, "begin", begin)
    return Backend(
        url=url,
        reads=reads,
        writes=writes,
        roots=(reads, writes),
        leave=sa.Transaction.rollback,
        path=path,
        alone=write_lock(path).held,
        notify=_tell_nobody,
        begin_change=begin_change,
    )


def _tell_nobody(session: sa.Connection) -> None:
    """Others look at the file themselves."""


@contextmanager
def begin_change(session: sa.Connection) -> Iterator[None]:
    """Begin a transaction without foreign keys; the switch works only outside of one."""
    driver = session.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        with session.begin():
            yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _settings(synchronous: str) -> Callable[[Any, Any], None]:
    statements = ("PRAGMA journal_mode=WAL", f"PRAGMA synchronous={synchronous}", "PRAGMA foreign_keys=ON")

    def set_up(connection: sqlite3.Connection, record: object) -> None:
        for statement in statements:
            patiently(lambda statement=statement: connection.execute(statement))  # type: ignore[misc]

    return set_up


def _begin_read(session: sa.Connection) -> None:
    _execute(session, "BEGIN")
    # The first read takes the snapshot, and only that could find SQLite busy: so take it here.
    patiently(lambda: _execute(session, "SELECT 1 FROM sqlite_master LIMIT 1"))


def _begin_write(session: sa.Connection) -> None:
    patiently(lambda: _execute(session, "BEGIN IMMEDIATE"))


def _execute(session: sa.Connection, statement: str) -> None:
    """Execute a statement without SQLAlchemy, which takes longer to pass it on than SQLite to do it."""
    driver = session.connection.driver_connection
    assert driver is not None
    try:
        driver.execute(statement).close()
    except sqlite3.OperationalError as error:
        raise sa.exc.OperationalError(statement, None, error) from error
    except sqlite3.DatabaseError as error:
        raise sa.exc.DatabaseError(statement, None, error) from error


def patiently(ask: Callable[[], object]) -> None:
    """Ask again, after a short random pause, while another process writes."""
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        try:
            ask()
        except (sqlite3.OperationalError, sa.exc.OperationalError) as error:
            if not _shall_wait(error, give_up_at):
                raise
            time.sleep(random.uniform(0.001, 0.02))
        else:
            return


def _shall_wait(error: sqlite3.OperationalError | sa.exc.OperationalError, give_up_at: float) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        error = sa.exc.OperationalError(None, None, error)
    return is_busy(error) and time.monotonic() < give_up_at


class WriteLock:
    """A lock that refuses to be taken twice by one thread: that would wait for itself for ever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; raises RuntimeError when this thread holds it already."""
        me = threading.get_ident()
        if self._holder == me:
            raise RuntimeError("db.write() inside db.write(): pass the session on instead")
        with self._lock:
            self._holder = me
            try:
                yield
            finally:
                self._holder = None


_locks: Final[dict[Path, WriteLock]] = {}
_locks_guard: Final = threading.Lock()


def write_lock(path: Path) -> WriteLock:
    """Return the one lock of this process for a database file."""
    with _locks_guard:
        return _locks.setdefault(path.resolve(), WriteLock())
