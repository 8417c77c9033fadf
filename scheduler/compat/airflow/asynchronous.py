"""`airflow.sdk.bases.operator.BaseAsyncOperator`."""

from __future__ import annotations

from typing import Any

from scheduler.operators.python import run_coroutine
from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator


class BaseAsyncOperator(BaseOperator):
    """An operator that does its work in `aexecute`, on an event loop of its own."""

    @property
    def is_async(self) -> bool:
        """Whether it is awaited: yes."""
        return True

    async def aexecute(self, context: Context) -> Any:
        """Do the work; the value is handed on. Override it."""
        raise NotImplementedError(f"{type(self).__name__} has no aexecute(); override it.")

    def execute(self, context: Context) -> Any:
        """Run `aexecute`."""
        return run_coroutine(self.aexecute(context))
