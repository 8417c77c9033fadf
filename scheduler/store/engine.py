"""The door to the database: sessions, the one writer of SQLite, retries, and the wake after a commit.

A session is a SQLAlchemy connection inside a transaction. Store functions take it first and never commit.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar

import sqlalchemy as sa

from scheduler import failpoints
from scheduler.core.ports import Wake
from scheduler.errors import DatabaseUnavailable
from scheduler.failpoints import Moment
from scheduler.store import postgresql, sqlite
from scheduler.store.backend import Backend
from scheduler.store.faults import Contended, told
from scheduler.store.observer import Observer, Unobserved
from scheduler.store.transaction import Asked, Session, is_write, keep_asked
from scheduler.store.wake import LocalWake
from scheduler.store.watching import Watch, watch

__all__ = ["Count", "Database", "Mark", "Session", "Transact"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_TRIES: Final = 12
_LONGEST_PAUSE_S: Final = 0.5
#: What was committed up to some moment, by this process and by others.
Mark: TypeAlias = tuple[object, ...]


class Transact(Protocol):
    """Does a transaction: `Database.transact`, or one that also asks whether it may still be done."""

    def __call__(self, work: Callable[[Session], T]) -> T:
        """Return what `work` returns; it may run several times, and only its last run is committed."""
        ...


@dataclass(slots=True)
class Count:
    """Statements and commits that passed while counting."""

    commits: int = 0
    statements: list[str] = field(default_factory=list)


class Database:
    """One database, SQLite or PostgreSQL, shared by all threads of the process.

    `idle_limit_s`: how long PostgreSQL waits for a process in the middle of a transaction before it ends that one. A
    frozen process keeps its locks so long, so it must be shorter than the leases that others renew meanwhile.
    Opening does not connect; `ping` does. Raises DatabaseUnavailable for a kind, version or file that
    cannot work.
    """

    def __init__(
        self,
        url: str,
        *,
        wake: Wake | None = None,
        synchronous: Literal["NORMAL", "FULL"] = "NORMAL",
        idle_limit_s: float = postgresql.IDLE_LIMIT_S,
    ) -> None:
        self.wake: Wake = wake or LocalWake()
        self._backend = _open(_parsed(url), synchronous, idle_limit_s)
        self._watch: Watch | None = None
        self._commits = 0
        self.observer: Observer = Unobserved()
        self.url = self._backend.url

    @property
    def name(self) -> str:
        """The URL without its password, for messages."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that sees one snapshot and writes nothing."""
        with (
            self._timed("read"),
            told(self.name),
            self._backend.reads.connect() as session,
            session.begin() as transaction,
        ):
            try:
                yield session
            except BaseException:
                transaction.rollback()
                raise
            self._backend.leave(transaction)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that commits at the end, and rolls back on an error.

        SQLite: waits for the process-wide lock, then for other processes; a write inside a write of the same
        thread is refused with RuntimeError. After the commit it sets the wake if `request_wake` was called.
        Raises DatabaseUnavailable; on PostgreSQL a deadlock or serialization failure is its leaf `Contended`.
        """
        with (
            self._timed("write"),
            told(self.name),
            self._backend.alone(),
            self._backend.writes.connect() as session,
            keep_asked(session) as asked,
        ):
            with session.begin():
                yield session
                asked.write_gathered(session)
                if asked.is_awaited and self._watch is None:
                    self._backend.notify(session)
                failpoints.cross(asked.edges, Moment.OPEN)
            if asked.is_awaited or not asked.is_quiet:
                self._commits += 1
            self._note_commit(asked)
            failpoints.cross(asked.edges, Moment.COMMITTED)
        if asked.is_awaited:
            self._announce()

    @contextmanager
    def _timed(self, mode: Literal["read", "write"]) -> Iterator[None]:
        began_s = time.perf_counter()
        try:
            yield
        except Contended:
            raise
        except DatabaseUnavailable:
            self.observer.failed()
            raise
        finally:
            self.observer.transacted(mode, time.perf_counter() - began_s)

    def _note_commit(self, asked: Asked) -> None:
        """Tell those who count. It is committed, whatever they make of it: nobody must take it for failed."""
        try:
            self._tell_observer(asked)
        except Exception:
            log.exception("what follows a commit failed; the commit stands")

    def _tell_observer(self, asked: Asked) -> None:
        for items in asked.written:
            self.observer.gathered(items)
        if asked.ended:
            self.observer.ended(asked.ended)
        for call in asked.afterwards:
            call()

    def _announce(self) -> None:
        self.wake.set()
        if self._watch is not None:
            self._watch.tell()

    def watch(self) -> None:
        """Have the wake set by other processes' writes too, from now on until `close`. For processes that wait."""
        if self._watch is None:
            self._watch = watch(self._backend, self.wake.set)

    def mark(self) -> Mark | None:
        """Return a value that will be another once anybody has committed; None where nobody can tell.

        Taken before a read that finds nothing, it says cheaply whether to read again: SQLite knows, while it is
        watched. A commit that `keep_quiet` was called for leaves it as it is.
        """
        version = self._watch.version() if self._watch is not None else None
        return None if version is None else (self._commits, *version)

    @contextmanager
    def change_tables(self) -> Iterator[Session]:
        """Open a session for migrations, one process at a time; foreign keys do not act while it is open.

        Rebuilding a table on SQLite drops it, which would delete what refers to it.
        """
        backend = self._backend
        with (
            told(self.name),
            backend.alone(),
            backend.writes.connect() as session,
            backend.begin_change(session),
        ):
            yield session

    def transact(self, work: Callable[[Session], T]) -> T:
        """Return what `work` returns, run in `write`, anew after each deadlock or serialization failure.

        `work` may therefore run several times; only its last run is committed.
        """
        for attempt in range(_TRIES - 1):
            try:
                return self._once(work)
            except Contended:
                self.observer.retried()
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE_S, 0.005 * 2**attempt)))
        return self._once(work)

    def _once(self, work: Callable[[Session], T]) -> T:
        with self.write() as session:
            return work(session)

    def ping(self) -> None:
        """Raise DatabaseUnavailable, with the reason, unless the database answers."""
        with self.read() as session:
            session.execute(sa.select(1))

    def close(self) -> None:
        """End the watch, and close every connection that is not in use."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        for engine in self._backend.roots:
            engine.dispose()

    @contextmanager
    def count(self) -> Iterator[Count]:
        """Count the statements and commits of all threads while the block runs, for tests and benchmarks."""
        count = Count()
        add_statement, add_commit = partial(_add_statement, count), partial(_add_commit, count)
        for engine in self._backend.roots:
            sa.event.listen(engine, "before_cursor_execute", add_statement)
            sa.event.listen(engine, "commit", add_commit)
        try:
            yield count
        finally:
            for engine in self._backend.roots:
                sa.event.remove(engine, "before_cursor_execute", add_statement)
                sa.event.remove(engine, "commit", add_commit)


def _parsed(url: str) -> sa.URL:
    try:
        return sa.make_url(url)
    except sa.exc.ArgumentError:
        # Not chained: the original error repeats the URL, password included.
        raise DatabaseUnavailable(
            "The database URL cannot be read. Write it like sqlite:///dirigent.db or "
            "postgresql://user:password@host/database, with special characters percent-encoded."
        ) from None


def _open(url: sa.URL, synchronous: str, idle_limit_s: float) -> Backend:
    options: dict[str, Any] = {"hide_parameters": True, "json_serializer": _to_json}
    match url.get_backend_name():
        case "sqlite":
            return sqlite.open_database(url, synchronous, options)
        case "postgresql" | "postgres":
            return postgresql.open_database(url, idle_limit_s, options)
        case other:
            raise DatabaseUnavailable(
                f"Dirigent works with sqlite and postgresql; the database URL says {other!r}."
            )


def _to_json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _add_statement(count: Count, session: Session, cursor: object, statement: str, *rest: Any) -> None:
    count.statements.append(statement)


def _add_commit(count: Count, session: Session) -> None:
    if is_write(session):
        count.commits += 1
