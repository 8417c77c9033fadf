"""EmptyOperator: a task that does nothing, to join or name a step."""

from __future__ import annotations

from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator


class EmptyOperator(BaseOperator):
    """Does nothing; for joins, and as a place to hang arrows on."""

    def execute(self, context: Context) -> None:
        """Do nothing."""
