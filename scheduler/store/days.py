"""Days by the clock of a zone, as the database counts them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

#: Stretches of time in which a clock is as far from UTC: each until when, and how far.
Stretches = Sequence[tuple[datetime, timedelta]]


def day_of(at: sa.ColumnElement[datetime], stretches: Stretches) -> sa.ColumnElement[str]:
    """Return the day (2026-11-21) of an instant by a clock; what is later than all stretches is in the last one."""
    *before, (_, last) = (
        (until, _day(at, sa.bindparam(None, int(off.total_seconds()), sa.Integer)))
        for until, off in stretches
    )
    return sa.case(*((at < until, day) for until, day in before), else_=last) if before else last


class _day(FunctionElement[str]):
    """The day of an instant, by a clock so many seconds before UTC."""

    type = sa.Text()
    name = "day"
    inherit_cache = True


@compiles(_day, "sqlite")
def _on_sqlite(element: _day, compiler: SQLCompiler, **options: Any) -> str:
    at, seconds = (compiler.process(each, **options) for each in element.clauses)
    return f"date({at}, {seconds} || ' seconds')"


@compiles(_day, "postgresql")
def _on_postgresql(element: _day, compiler: SQLCompiler, **options: Any) -> str:
    at, seconds = (compiler.process(each, **options) for each in element.clauses)
    return f"to_char({at} AT TIME ZONE 'UTC' + {seconds} * INTERVAL '1 second', 'YYYY-MM-DD')"
