"""Operators that run SQL in any database that SQLAlchemy knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scheduler.hooks.sql import Handler, Parameters, SqlHook, fetch_all_handler
from scheduler.operators.branching import BaseBranchOperator, Branch
from scheduler.sdk.arguments import check_given, read_flag
from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.signals import TaskError


class _SqlOperator(BaseOperator):
    """What all of them take: SQL (a text, or the name of a .sql file), a connection, parameters."""

    template_fields: Sequence[str] = ("sql", "parameters", "conn_id", "database")
    template_ext: Sequence[str] = (".sql",)

    def __init__(
        self,
        task_id: str,
        *,
        sql: str | Sequence[str],
        conn_id: str,
        parameters: Parameters | None = None,
        database: str | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        check_given("sql", sql, "give a text of SQL, the name of a .sql file, or a list of them")
        check_given(
            "conn_id", conn_id, "name a connection, or give an address such as sqlite:////data/shop.db"
        )
        self.sql = sql
        self.conn_id = conn_id
        self.parameters = parameters
        self.database = database

    @property
    def hook(self) -> SqlHook:
        """The database."""
        return SqlHook(self.conn_id, database=self.database)

    def shown_source(self) -> str | None:
        """Return the SQL, before rendering."""
        return ";\n".join(map(str, self.sql)) if isinstance(self.sql, list | tuple) else str(self.sql)


class SQLExecuteQueryOperator(_SqlOperator):
    """Runs SQL in one transaction; its result is what `handler` makes of the cursor, all rows unless given.

    With `split_statements` a text may hold several statements. See `SqlHook.run`.
    """

    def __init__(
        self,
        task_id: str,
        *,
        sql: str | Sequence[str],
        conn_id: str,
        autocommit: bool = False,
        parameters: Parameters | None = None,
        handler: Handler | None = fetch_all_handler,
        split_statements: bool | None = None,
        return_last: bool = True,
        database: str | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(
            task_id, sql=sql, conn_id=conn_id, parameters=parameters, database=database, **arguments
        )
        self.autocommit = read_flag("autocommit", autocommit)
        self.handler = handler
        self.split_statements = bool(split_statements)
        self.return_last = read_flag("return_last", return_last)

    def execute(self, context: Context) -> Any:
        """Run the SQL."""
        return self.hook.run(
            self.sql,
            autocommit=self.autocommit,
            parameters=self.parameters,
            handler=self.handler if self.do_xcom_push else None,
            split_statements=self.split_statements,
            return_last=self.return_last,
        )


class SQLCheckOperator(_SqlOperator):
    """Fails where a query gives no row, or its first row holds something false (0, empty, NULL)."""

    def execute(self, context: Context) -> None:
        """Look at the first row."""
        row = self.hook.get_first(self.sql, self.parameters)
        if row is None:
            raise TaskError(f"The query gives no row: {self.sql}")
        if not all(row):
            raise TaskError(f"The first row is {tuple(row)!r}, of which something is false: {self.sql}")


class SQLValueCheckOperator(_SqlOperator):
    """Fails where the first row of a query is not `pass_value`; numbers may be off by `tolerance` (0.1: a tenth)."""

    template_fields = (*_SqlOperator.template_fields, "pass_value")

    def __init__(
        self,
        task_id: str,
        *,
        sql: str,
        pass_value: Any,
        conn_id: str,
        tolerance: float | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, sql=sql, conn_id=conn_id, **arguments)
        self.pass_value = pass_value
        self.tolerance = tolerance

    def execute(self, context: Context) -> None:
        """Look at each value of the first row."""
        row = self.hook.get_first(self.sql, self.parameters)
        if row is None:
            raise TaskError(f"The query gives no row: {self.sql}")
        wrong = [each for each in row if not _is_near(each, self.pass_value, self.tolerance or 0.0)]
        if wrong:
            raise TaskError(f"The first row has {wrong[0]!r} where {self.pass_value!r} must be: {self.sql}")


class BranchSQLOperator(_SqlOperator, BaseBranchOperator):
    """Goes one way where the first value of a query is true, and the other where it is not."""

    def __init__(
        self,
        task_id: str,
        *,
        sql: str,
        follow_task_ids_if_true: Branch,
        follow_task_ids_if_false: Branch,
        conn_id: str,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, sql=sql, conn_id=conn_id, **arguments)
        self.follow_task_ids_if_true = follow_task_ids_if_true
        self.follow_task_ids_if_false = follow_task_ids_if_false

    def choose_branch(self, context: Context) -> Branch:
        """Look at the first value."""
        row: Iterable[Any] | None = self.hook.get_first(self.sql, self.parameters)
        value = next(iter(row), None) if row else None
        return self.follow_task_ids_if_true if value else self.follow_task_ids_if_false


def _is_near(value: Any, wanted: Any, tolerance: float) -> bool:
    try:
        found, aim = float(value), float(wanted)
    except (TypeError, ValueError):
        return str(value) == str(wanted)
    return abs(found - aim) <= abs(aim) * tolerance
