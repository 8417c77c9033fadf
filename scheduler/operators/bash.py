"""BashOperator: a shell command as a task."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scheduler.operators.program import Program, exit_words
from scheduler.sdk.arguments import check_given
from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.signals import SkipTask, TaskError

if TYPE_CHECKING:
    from typing import Unpack

    from scheduler.sdk.task_arguments import TaskArguments


class BashOperator(BaseOperator):
    """Runs a command with bash, in a process group of its own; each line of its output goes to the log.

    The last line is the result, or what `output_processor` makes of it. Exit code 99 (`skip_on_exit_code`)
    skips the task, any other than 0 fails it. `env` replaces the environment unless `append_env` is true.
    Without `cwd` it runs in a folder that is deleted afterwards. Values from params or conf belong into `env`,
    as data; inside `bash_command` they would be part of the program.
    """

    template_fields: Sequence[str] = ("bash_command", "env", "cwd")
    template_ext: Sequence[str] = (".sh", ".bash")

    def __init__(
        self,
        task_id: str,
        *,
        bash_command: str,
        env: Mapping[str, str] | None = None,
        append_env: bool = False,
        output_encoding: str = "utf-8",
        skip_on_exit_code: int | Container[int] | None = 99,
        cwd: str | None = None,
        output_processor: Callable[[str], Any] | None = None,
        **arguments: Unpack[TaskArguments],
    ) -> None:
        super().__init__(task_id, **arguments)
        check_given("bash_command", bash_command, "give the text of a command, or the name of a .sh file")
        self.bash_command = bash_command
        self.env = env
        self.append_env = append_env
        self.output_encoding = output_encoding
        self.skip_on_exit_code = skip_on_exit_code
        self.cwd = cwd
        self.output_processor = output_processor
        self.program: Program | None = None

    def execute(self, context: Context) -> Any:
        """Run the command; return the last line of its output, or what is made of it."""
        exit_code, last_line = self.run_command(context)
        if exit_code != 0 and self._skips(exit_code):
            raise SkipTask(f"bash exited with {exit_code}")
        if exit_code != 0:
            said = f"its last line was: {last_line!r}" if last_line else "it printed nothing"
            raise TaskError(f"bash {exit_words(exit_code)}; {said}")
        return self.output_processor(last_line) if self.output_processor else last_line

    def run_command(self, context: Context) -> tuple[int, str]:
        """Run the command to its end; return its exit code, and the last line of its output."""
        self.log.info("Running in %s: %s", self.cwd or "a folder of its own", self.bash_command)
        self.program = Program(self.log, self.output_encoding)
        words = [shutil.which("bash") or "/bin/bash", "-c", self.bash_command]
        with tempfile.TemporaryDirectory(prefix="dirigent-") as scratch:
            return self.program.run(words, folder=self.cwd or scratch, environ=self._environment(context))

    def _environment(self, context: Context) -> dict[str, str]:
        inherited = dict(os.environ) if self.env is None or self.append_env else {}
        instance = context["ti"]
        return inherited | {
            "DIRIGENT_DAG_ID": instance.dag_id,
            "DIRIGENT_RUN_ID": instance.run_id,
            "DIRIGENT_TASK_ID": instance.task_id,
            "DIRIGENT_TRY_NUMBER": str(instance.try_number),
            "DIRIGENT_TASK_KEY": instance.key,
            **{name: str(value) for name, value in (self.env or {}).items()},
        }

    def _skips(self, exit_code: int) -> bool:
        codes = self.skip_on_exit_code
        return exit_code == codes if codes is None or isinstance(codes, int) else exit_code in codes

    def on_kill(self) -> None:
        """End the command and all that it started in its group."""
        if self.program is not None:
            self.program.kill()

    def shown_source(self) -> str | None:
        """Return the command, before rendering."""
        return self.bash_command
