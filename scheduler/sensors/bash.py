"""BashSensor: waits until a command succeeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scheduler.operators.bash import BashOperator
from scheduler.operators.program import exit_words
from scheduler.sdk.context import Context
from scheduler.sdk.sensor import BaseSensorOperator
from scheduler.sdk.signals import TaskError

if TYPE_CHECKING:
    from collections.abc import Mapping


class BashSensor(BaseSensorOperator, BashOperator):
    """Waits until a command exits with 0.

    Any other exit code means not yet; where `retry_exit_code` is given only that one does, and others fail.
    The command is run as BashOperator runs one.
    """

    def __init__(
        self,
        task_id: str,
        *,
        bash_command: str,
        env: Mapping[str, str] | None = None,
        retry_exit_code: int | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, bash_command=bash_command, env=env, **arguments)
        self.retry_exit_code = retry_exit_code

    def poke(self, context: Context) -> bool:
        """Run the command once."""
        exit_code, last_line = self.run_command(context)
        if exit_code != 0 and self.retry_exit_code not in (None, exit_code):
            raise TaskError(
                f"bash {exit_words(exit_code)}, neither 0 nor retry_exit_code={self.retry_exit_code}; its last "
                f"line was: {last_line!r}"
            )
        return exit_code == 0
