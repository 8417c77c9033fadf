"""SqlSensor: waits until a query gives what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scheduler.hooks.sql import Parameters, SqlHook
from scheduler.sdk.arguments import read_flag
from scheduler.sdk.context import Context
from scheduler.sdk.sensor import BaseSensorOperator
from scheduler.sdk.signals import TaskError


class SqlSensor(BaseSensorOperator):
    """Waits until the first value of a query is true, or `success` says so of it; `failure` of it fails the task.

    `selector` takes the value out of the first row. No row means not yet, or with `fail_on_empty` failure.
    """

    template_fields: Sequence[str] = ("sql", "parameters", "conn_id")
    template_ext: Sequence[str] = (".sql",)

    def __init__(
        self,
        task_id: str,
        *,
        conn_id: str,
        sql: str,
        parameters: Parameters | None = None,
        success: Callable[[Any], bool] | None = None,
        failure: Callable[[Any], bool] | None = None,
        selector: Callable[[Any], Any] | None = None,
        fail_on_empty: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        self.conn_id = conn_id
        self.sql = sql
        self.parameters = parameters
        self.success = success
        self.failure = failure
        self.selector = selector
        self.fail_on_empty = read_flag("fail_on_empty", fail_on_empty)

    def poke(self, context: Context) -> bool:
        """Ask the database once."""
        row = SqlHook(self.conn_id).get_first(self.sql, self.parameters)
        if row is None:
            if self.fail_on_empty:
                raise TaskError(f"The query gives no row, which fail_on_empty forbids: {self.sql}")
            return False
        value = self.selector(row) if self.selector else row[0]
        if self.failure and self.failure(value):
            raise TaskError(f"failure says yes to {value!r}: {self.sql}")
        return bool(self.success(value) if self.success else value)
