"""How Dirigent opens PostgreSQL: psycopg 3, UTC, connections checked before use."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from scheduler.errors import DatabaseUnavailable

if TYPE_CHECKING:
    import psycopg

_CONNECT_TIMEOUT_S: Final = "5"


def with_driver(url: sa.URL) -> sa.URL:
    """Return the URL for psycopg 3, with a limit on the time to connect."""
    if importlib.util.find_spec("psycopg") is None:
        raise DatabaseUnavailable("PostgreSQL needs the psycopg package: pip install 'dirigent[postgres]'")
    url = url.set(drivername="postgresql+psycopg")
    if "connect_timeout" in url.query:
        return url
    return url.update_query_dict({"connect_timeout": _CONNECT_TIMEOUT_S})


def create_engines(url: sa.URL, options: dict[str, Any]) -> tuple[sa.Engine, sa.Engine]:
    """Return the engine for reads (a snapshot each) and the one for writes (READ COMMITTED); one pool."""
    engine = sa.create_engine(
        with_driver(url),
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=24,
        pool_use_lifo=True,
        isolation_level="READ COMMITTED",
        **options,
    )
    sa.event.listen(engine, "connect", _set_time_zone)
    reads = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return reads, engine


def _set_time_zone(connection: psycopg.Connection[Any], record: object) -> None:
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def plain_url(url: sa.URL) -> str:
    """Return what libpq understands, for a connection outside the pool."""
    return with_driver(url).set(drivername="postgresql").render_as_string(hide_password=False)
