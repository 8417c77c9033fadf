"""A transaction, and what those who write in it ask for: to be done just before its commit, or after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

import sqlalchemy as sa

from scheduler import failpoints
from scheduler.failpoints import Edge

Session: TypeAlias = sa.Connection
T = TypeVar("T")

_ASKED: Final = "dirigent_asked"


@dataclass(slots=True)
class Asked:
    """What a session has asked for: to be done just before its commit, and after it."""

    gathered: dict[Callable[[Session, list[Any]], None], list[Any]] = field(default_factory=dict)
    is_awaited: bool = False
    is_quiet: bool = False
    edges: list[Edge] = field(default_factory=list)
    written: list[list[Any]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def write_gathered(self, session: Session) -> None:
        """Write what was gathered, one call for each way to write it."""
        for write, items in self.gathered.items():
            write(session, items)
            self.written.append(items)


@contextmanager
def keep_asked(session: Session) -> Iterator[Asked]:
    """Keep what the session asks for while it is open. SQLAlchemy keeps `info` from one session to the next."""
    asked = session.info[_ASKED] = Asked()
    try:
        yield asked
    finally:
        session.info.pop(_ASKED, None)


def is_write(session: Session) -> bool:
    """Tell whether this is a transaction of `Database.write`; one of another kind asks for nothing."""
    return _ASKED in session.info


def request_wake(session: Session) -> None:
    """Ask that `db.wake` is set once this session has committed; asking twice wakes once."""
    _asked(session).is_awaited = True


def gather(session: Session, write: Callable[[Session, list[T]], None], items: Iterable[T]) -> None:
    """Have `write` called just before the commit, once, with all that was gathered for it in this transaction."""
    _asked(session).gathered.setdefault(write, []).extend(items)


@contextmanager
def apart(session: Session) -> Iterator[None]:
    """Do a part of a transaction that may fail by itself: on an error what it wrote and gathered is undone, no more."""
    asked = _asked(session)
    before, asked.gathered = asked.gathered, {}
    written, afterwards, ended = len(asked.written), len(asked.afterwards), len(asked.ended)
    try:
        with session.begin_nested():
            yield
            asked.write_gathered(session)
    except BaseException:
        del asked.written[written:], asked.afterwards[afterwards:], asked.ended[ended:]
        raise
    finally:
        asked.gathered = before


def note_ended(session: Session, attempt_ids: Iterable[int]) -> None:
    """Let the observer know of attempts that end in this transaction, once it is committed."""
    _asked(session).ended.extend(attempt_ids)


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Have `call` made once this session has committed, for what must not be counted otherwise; it must not fail."""
    _asked(session).afterwards.append(call)


def at_edge(session: Session, edge: Edge) -> None:
    """Let tests fail before and after the commit of what is being done (`scheduler.failpoints`)."""
    if failpoints.ARMED:
        _asked(session).edges.append(edge)


def keep_quiet(session: Session) -> None:
    """Say that this transaction renews what is known, and makes no work for anybody: `Database.mark` stays."""
    _asked(session).is_quiet = True


def _asked(session: Session) -> Asked:
    try:
        asked: Asked = session.info[_ASKED]
    except KeyError:
        raise RuntimeError("this session only reads: write in db.write() or db.transact()") from None
    return asked


def hold(session: Session, name: str) -> None:
    """Have writers of one name follow each other until the end of the transaction. On SQLite all do so anyway."""
    if session.dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))
