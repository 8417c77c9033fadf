"""SQL operators of single databases, which their providers have given up for SQLExecuteQueryOperator."""

from __future__ import annotations

from typing import Any

from scheduler.compat.airflow.old_forms import warn_of
from scheduler.operators.sql import SQLExecuteQueryOperator


class _OldSqlOperator(SQLExecuteQueryOperator):
    """Takes its connection under the name that the database's own operator had for it."""

    conn_argument: str
    default_conn_id: str

    def __init__(self, task_id: str, **arguments: Any) -> None:
        kind = type(self).__name__
        warn_of(kind, "write SQLExecuteQueryOperator(conn_id=...)")
        conn_id = arguments.pop(self.conn_argument, None) or arguments.pop("conn_id", self.default_conn_id)
        arguments.pop("runtime_parameters", None)
        super().__init__(task_id, conn_id=conn_id, **arguments)


class PostgresOperator(_OldSqlOperator):
    """Runs SQL in PostgreSQL."""

    conn_argument: str = "postgres_conn_id"
    default_conn_id: str = "postgres_default"


class MySqlOperator(_OldSqlOperator):
    """Runs SQL in MySQL."""

    conn_argument: str = "mysql_conn_id"
    default_conn_id: str = "mysql_default"


class SqliteOperator(_OldSqlOperator):
    """Runs SQL in SQLite."""

    conn_argument: str = "sqlite_conn_id"
    default_conn_id: str = "sqlite_default"


class MsSqlOperator(_OldSqlOperator):
    """Runs SQL in SQL Server."""

    conn_argument: str = "mssql_conn_id"
    default_conn_id: str = "mssql_default"


class SnowflakeOperator(_OldSqlOperator):
    """Runs SQL in Snowflake."""

    conn_argument: str = "snowflake_conn_id"
    default_conn_id: str = "snowflake_default"
