"""The database's own clock in SQL. Leases are set and judged by it alone: no two clocks are ever compared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from scheduler.store.tables import Instant


class db_now(FunctionElement[datetime]):
    """The instant at which the database began this statement (SQLite: to the millisecond)."""

    name = "db_now"
    type = Instant()
    inherit_cache = True


class db_now_plus(FunctionElement[datetime]):
    """The database's present instant, `seconds` later (earlier when negative)."""

    name = "db_now_plus"
    type = Instant()
    inherit_cache = True

    def __init__(self, seconds: float | sa.BindParameter[float]) -> None:
        super().__init__(
            sa.literal(float(seconds), sa.Float()) if isinstance(seconds, int | float) else seconds
        )


# SQLite: the text that `Instant` stores, so that the two compare as text. On PostgreSQL statement_timestamp()
# is stable within a statement, which lets an index serve the comparison; clock_timestamp() would not.


@compiles(db_now, "sqlite")
def _sqlite_now(element: db_now, compiler: SQLCompiler, **options: Any) -> str:
    return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"


@compiles(db_now, "postgresql")
def _postgresql_now(element: db_now, compiler: SQLCompiler, **options: Any) -> str:
    return "statement_timestamp()"


@compiles(db_now_plus, "sqlite")
def _sqlite_now_plus(element: db_now_plus, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+.3f seconds', {seconds})) || '000')"


@compiles(db_now_plus, "postgresql")
def _postgresql_now_plus(element: db_now_plus, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"(statement_timestamp() + make_interval(secs => {seconds}))"


def read_db_now(session: sa.Connection) -> datetime:
    """Return the database's present instant, aware, in UTC."""
    moment: datetime = session.execute(sa.select(db_now())).scalar_one()
    return moment
