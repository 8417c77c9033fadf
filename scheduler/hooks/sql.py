"""SqlHook: any database that SQLAlchemy knows, by the connection that says where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from scheduler.errors import BadConnection
from scheduler.hooks.hook import BaseHook
from scheduler.hooks.sql_text import statements_of
from scheduler.sdk.connections import Connection

#: What SQLAlchemy calls a type of connection.
_DRIVERS: Final = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mssql": "mssql+pyodbc",
    "oracle": "oracle+oracledb",
}
#: The field of the extra that goes before it.
_DRIVER: Final = "sqlalchemy_driver"
_ROWS: Final = 1000
#: What asks for next to nothing where `SELECT 1` does not do: SQLite opens no file for that.
_PROBES: Final = {"sqlite": "SELECT count(*) FROM sqlite_master", "oracle": "SELECT 1 FROM dual"}

Parameters = Mapping[str, Any] | Sequence[Any]
Handler = Callable[[Any], Any]


def fetch_all_handler(cursor: Any) -> list[Any] | None:
    """Return all rows, or None for a statement that has none."""
    return None if cursor.description is None else list(cursor.fetchall())


def fetch_one_handler(cursor: Any) -> Any:
    """Return the first row, or None."""
    return None if cursor.description is None else cursor.fetchone()


class SqlHook(BaseHook):
    """A database: `conn_id` names a connection, or is an address of SQLAlchemy such as sqlite:////data/shop.db.

    Placeholders are those of the driver: `?` or `:name` for SQLite, `%s` or `%(name)s` for PostgreSQL.
    """

    def __init__(self, conn_id: str, *, database: str | None = None) -> None:
        self.conn_id = conn_id
        self.database = database

    def get_uri(self) -> Any:
        """Return the address, as SQLAlchemy's URL, which hides its password when it is printed."""
        make_url = import_module("sqlalchemy").make_url
        url = make_url(self.conn_id) if "://" in self.conn_id else _url(self.get_connection(self.conn_id))
        return url.set(database=self.database) if self.database else url

    def get_sqlalchemy_engine(self, **options: Any) -> Any:
        """Return an engine that keeps no connections open."""
        sa = import_module("sqlalchemy")
        return sa.create_engine(self.get_uri(), poolclass=sa.NullPool, **options)

    def get_conn(self) -> Any:
        """Return a connection of the driver; close it."""
        return self.get_sqlalchemy_engine().raw_connection()

    def get_records(self, sql: str | Sequence[str], parameters: Parameters | None = None) -> Any:
        """Return all rows."""
        return self.run(sql, parameters=parameters, handler=fetch_all_handler)

    def get_first(self, sql: str | Sequence[str], parameters: Parameters | None = None) -> Any:
        """Return the first row, or None."""
        return self.run(sql, parameters=parameters, handler=fetch_one_handler)

    def test_connection(self) -> tuple[bool, str]:
        """Ask for a number, and tell whether it came. A file of SQLite that is not there is not made."""
        uri = self.get_uri()
        kind = uri.get_backend_name()
        if (
            kind == "sqlite"
            and uri.database not in (None, "", ":memory:")
            and not Path(uri.database).exists()
        ):
            return False, f"There is no file {uri.database}."
        self.get_first(_PROBES.get(kind, "SELECT 1"))
        return True, "The database answers."

    def run(
        self,
        sql: str | Sequence[str],
        autocommit: bool = False,
        parameters: Parameters | None = None,
        handler: Handler | None = None,
        split_statements: bool = False,
        return_last: bool = True,
    ) -> Any:
        """Run statements in one transaction, each by itself where `autocommit` is true; return what `handler` makes.

        It takes the driver's cursor after each statement. One text gives what came of it (of its last statement,
        unless `return_last` is false); a list of texts gives a list.
        """
        texts = [sql] if isinstance(sql, str) else list(sql)
        statements = [
            part for text in texts for part in (statements_of(text) if split_statements else [text])
        ]
        options = {"isolation_level": "AUTOCOMMIT"} if autocommit else {}
        with _opened(self.get_sqlalchemy_engine(**options)) as connection:
            results = [self._run_one(connection, each, parameters, handler) for each in statements]
            connection.commit()
        if handler is None:
            return None
        if isinstance(sql, str) and (return_last or not split_statements):
            return results[-1] if results else None
        return results

    def insert_rows(
        self,
        table: str,
        rows: Iterable[Sequence[Any]],
        target_fields: Sequence[str] = (),
        *,
        commit_every: int = _ROWS,
    ) -> int:
        """Insert rows, in transactions of `commit_every`; return how many. Names are quoted, values bound."""
        engine = self.get_sqlalchemy_engine()
        sa = import_module("sqlalchemy")
        schema, _, name = table.rpartition(".")
        with engine.connect() as connection:
            known = sa.inspect(connection).get_columns(name, schema=schema or None)
            fields = list(target_fields) or [each["name"] for each in known]
            target = sa.table(name, *map(sa.column, fields), schema=schema or None)
            count = 0
            for batch in _batches(rows, commit_every):
                connection.execute(sa.insert(target), [dict(zip(fields, row, strict=True)) for row in batch])
                connection.commit()
                count += len(batch)
        self.log.info("Inserted %d rows into %s.", count, table)
        return count

    def _run_one(
        self, connection: Any, sql: str, parameters: Parameters | None, handler: Handler | None
    ) -> Any:
        self.log.info("Runs: %s", sql)
        with closing(connection.cursor()) as cursor:
            if parameters:
                cursor.execute(sql, parameters)
            else:
                cursor.execute(sql)
            if cursor.rowcount >= 0:
                self.log.info("%d rows", cursor.rowcount)
            return handler(cursor) if handler else None


@contextmanager
def _opened(engine: Any) -> Iterator[Any]:
    """Give a connection of the driver; what was not committed is rolled back."""
    with engine.connect() as connection:
        yield connection.connection
    engine.dispose()


def _url(connection: Connection) -> Any:
    extra = connection.extra_dejson
    driver = extra.pop(_DRIVER, None) or _DRIVERS.get(connection.conn_type, connection.conn_type)
    if not driver:
        raise BadConnection(
            f"Connection {connection.conn_id!r} has no type; set it to postgres, sqlite, mysql, ..."
        )
    is_file = driver.startswith("sqlite")
    return import_module("sqlalchemy").URL.create(
        driver,
        username=connection.login or None,
        password=connection.password or None,
        host=None if is_file else connection.host or None,
        port=connection.port,
        database=(connection.host or connection.schema if is_file else connection.schema) or None,
        query={name: str(value) for name, value in extra.items() if not isinstance(value, dict | list)},
    )


def _batches(rows: Iterable[Sequence[Any]], size: int) -> Iterator[list[Sequence[Any]]]:
    batch: list[Sequence[Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
