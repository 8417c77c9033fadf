"""How Dirigent opens PostgreSQL: psycopg 3, UTC, connections checked before use."""

from __future__ import annotations

import importlib.util
import math
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from scheduler.errors import DatabaseUnavailable
from scheduler.store.backend import Backend

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_CONNECT_TIMEOUT_S: Final = "5"
#: A server that vanishes without a word (power, network) is given up after some 20 s; the system would take hours.
_KEEPALIVE: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
#: A process that is frozen in the middle of a transaction would hold its locks, and with them everybody, for ever. So
#: long a transaction may wait for its process, unless said otherwise.
IDLE_LIMIT_S: Final = 15.0
_SET_UP: Final = (
    "SELECT pg_backend_pid(), set_config('TimeZone', 'UTC', false), "
    "set_config('idle_in_transaction_session_timeout', %s, false)"
)
#: What processes notify each other on.
CHANNEL: Final = "dirigent"
#: So long after its last use a connection is trusted while the server keeps quiet. Later it is asked first.
TRUSTED_S: Final = 1.0
USED_AT: Final = "dirigent_used_at"
#: Any number that no other program on the database uses for an advisory lock: "dirigent" as bytes.
_CHANGE_LOCK: Final = int.from_bytes(b"dirigent", "big")


def with_driver(url: sa.URL) -> sa.URL:
    """Return the URL for psycopg 3, with a limit on the time to connect."""
    if importlib.util.find_spec("psycopg") is None:
        raise DatabaseUnavailable("PostgreSQL needs the psycopg package: pip install 'dirigent[postgres]'")
    url = url.set(drivername="postgresql+psycopg")
    if "connect_timeout" in url.query:
        return url
    return url.update_query_dict({"connect_timeout": _CONNECT_TIMEOUT_S})


def open_database(url: sa.URL, idle_limit_s: float, options: dict[str, Any]) -> Backend:
    """Open one pool: reads see a snapshot each, writes are READ COMMITTED."""
    engine = sa.create_engine(
        with_driver(url),
        pool_size=8,
        max_overflow=24,
        pool_use_lifo=True,
        isolation_level="READ COMMITTED",
        connect_args=_KEEPALIVE,
        **options,
    )
    sa.event.listen(engine, "connect", _set_up(idle_limit_s))
    sa.event.listen(engine, "checkin", _note_use)
    sa.event.listen(engine, "checkout", partial(_check, engine.dialect))
    return Backend(
        url=engine.url,
        reads=engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True),
        writes=engine,
        roots=(engine,),
        # A rollback would make psycopg forget all statements that it has prepared.
        leave=sa.Transaction.commit,
        path=None,
        alone=nullcontext,
        notify=notify,
        begin_change=begin_change,
    )


def _note_use(connection: object, record: ConnectionPoolEntry) -> None:
    record.info[USED_AT] = time.monotonic()


def _check(
    dialect: sa.Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: object
) -> None:
    """Ask a connection whether it still works where that is in doubt: the server may have been restarted."""
    used_at = record.info.get(USED_AT)
    try:
        if used_at is not None and (time.monotonic() - used_at > TRUSTED_S or _has_news(connection)):
            dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise sa.exc.InvalidatePoolError from error


def _has_news(connection: DBAPIConnection) -> bool:
    """Tell whether the server has said anything unasked: it does when it ends the connection."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def begin_change(session: sa.Connection) -> Iterator[None]:
    """Begin a transaction once no other process changes tables."""
    with session.begin():
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_CHANGE_LOCK)))
        yield


def _set_up(idle_limit_s: float) -> Callable[[psycopg.Connection[Any], object], None]:
    def set_up(connection: psycopg.Connection[Any], record: object) -> None:
        row = connection.execute(_SET_UP, [f"{math.ceil(idle_limit_s * 1000)}ms"]).fetchone()
        connection.commit()
        if row is None or row[0] != connection.info.backend_pid:
            # A pooler stands between: what one transaction prepared, the server of the next one may not know.
            connection.prepare_threshold = None

    return set_up


def notify(session: sa.Connection) -> None:
    """Let processes that listen know, once this transaction commits."""
    session.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


def plain_url(url: sa.URL) -> str:
    """Return what libpq understands, for a connection outside the pool."""
    return with_driver(url).set(drivername="postgresql").render_as_string(hide_password=False)
