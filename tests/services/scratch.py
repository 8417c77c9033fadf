"""One PostgreSQL database for many tests: emptied in between, for that takes a twentieth of making another."""

from __future__ import annotations

from typing import Self

from tests.services.postgres import connect

_TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
_LEAVE_US_ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_COUNT_FROM_ONE = """
SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
"""


class Scratch:
    """A database with tables, and the rows that they begin with. Nobody but its tests may use it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = connect(url)
        self._tables = self._names()
        for number, table in enumerate(self._tables):
            self._session.execute(f"CREATE TEMPORARY TABLE first_{number} AS TABLE {table}")

    def restore(self) -> None:
        """End the sessions of the test before, and bring rows, tables and counters back to how they began."""
        self._session.execute(_LEAVE_US_ALONE)
        added = [table for table in self._names() if table not in self._tables]
        steps = [
            *(f"DROP TABLE {table} CASCADE" for table in added),
            "SET session_replication_role = replica",  # foreign keys are not asked
            *(f"DELETE FROM {table}" for table in self._tables),
            *(f"INSERT INTO {table} TABLE first_{number}" for number, table in enumerate(self._tables)),
            "RESET session_replication_role",
            _COUNT_FROM_ONE,
        ]
        self._session.execute(";\n".join(steps))

    def _names(self) -> list[str]:
        return [name for (name,) in self._session.execute(_TABLES)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()
