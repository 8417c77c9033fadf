"""How the database means to find rows: nothing that happens again and again may read a growing table whole.

SQLite plans by the statement alone, and finds a partial index only where the statement has its condition in words.
PostgreSQL reads small tables whole because they are small; told not to, it shows whether there is an index at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from scheduler.store.engine import Database, Session

#: Tables that grow with history.
GROWING = ("dag_run", "task_instance", "attempt", "event", "xcom", "log_chunk", "artifact")


@contextmanager
def noting(asked: dict[str, Any]) -> Iterator[None]:
    """Keep the text of each statement, with parameters of one execution."""

    def note(session, cursor, text, binds, *rest):
        if text.startswith(("SELECT", "UPDATE", "WITH", "DELETE")):
            asked.setdefault(text, binds[0] if isinstance(binds, list) else binds)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def whole_reads(db: Database, asked: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the statements that read a growing table whole, with those steps; of a partial index, all is little."""
    explain = _of_sqlite if db.url.get_backend_name() == "sqlite" else _of_postgresql
    with db.write() as session:
        found = {text: explain(session, text, binds) for text, binds in asked.items()}
    return {text: steps for text, steps in found.items() if steps}


def _of_sqlite(session: Session, text: str, binds: Any) -> list[str]:
    steps = [row[-1] for row in session.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", binds)]
    whole = tuple(f"SCAN {table}" for table in GROWING)
    return [step for step in steps if step.startswith(whole) and "_live" not in step]


def _of_postgresql(session: Session, text: str, binds: Any) -> list[str]:
    session.exec_driver_sql("SET LOCAL enable_seqscan = off")
    steps = [row[0] for row in session.exec_driver_sql(f"EXPLAIN {text}", binds)]
    whole = tuple(f"Seq Scan on {table} " for table in GROWING)
    return [step for step in steps if any(each in step for each in whole)]
