"""Operators that call a function in another interpreter: of an environment built for it, or of one that is there."""

from __future__ import annotations

import os
import shutil
import tempfile
from abc import abstractmethod
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from scheduler.operators.program import Program, exit_words
from scheduler.operators.python import follow_branch, source_of
from scheduler.operators.script import Script, check_function, plain_context, read_serializer
from scheduler.operators.virtual_environments import VirtualEnvironments, Wanted, split_requirements
from scheduler.sdk.arguments import check_given, read_flag
from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.signals import FailTask, SkipTask, TaskError


class InterpreterOperator(BaseOperator):
    """Calls a function in another interpreter, by its source: it imports what it needs itself.

    Arguments and result are carried over by `serializer`. Of the context it can have dates and texts, conf and params.
    `skip_on_exit_code` says with which exit codes the function skips the task.
    """

    template_fields: Sequence[str] = ("op_args", "op_kwargs", "templates_dict")

    def __init__(
        self,
        task_id: str,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] = (),
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: Mapping[str, Any] | None = None,
        string_args: Sequence[str] = (),
        serializer: str | None = None,
        skip_on_exit_code: int | Container[int] | None = None,
        env_vars: Mapping[str, str] | None = None,
        inherit_env: bool = True,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        check_function(python_callable)
        self.python_callable = python_callable
        self.op_args = tuple(op_args)
        self.op_kwargs = dict(op_kwargs or {})
        self.templates_dict = dict(templates_dict or {})
        self.string_args = tuple(string_args)
        self.serializer = read_serializer(serializer)
        self.skip_on_exit_code = skip_on_exit_code
        self.env_vars = dict(env_vars or {})
        self.inherit_env = read_flag("inherit_env", inherit_env)
        self.program: Program | None = None

    @abstractmethod
    def interpreter(self, program: Program) -> str:
        """Return the path of the interpreter."""

    def execute(self, context: Context) -> Any:
        """Call the function there, and return what it returned."""
        self.program = Program(self.log)
        python = self.interpreter(self.program)
        known = context | {"templates_dict": self.templates_dict}
        asked = plain_context(self.python_callable, known, len(self.op_args), self.op_kwargs)
        with tempfile.TemporaryDirectory(prefix="dirigent-") as folder:
            script = Script(Path(folder), self.serializer)
            script.write(self.python_callable, self.op_args, {**self.op_kwargs, **asked}, self.string_args)
            ended = self.program.run([python, *script.words], environ=self._environ())
            self._check(python, *ended)
            return script.result()

    def _environ(self) -> dict[str, str]:
        return {**(os.environ if self.inherit_env else {}), "PYTHONUNBUFFERED": "1", **self.env_vars}

    def _check(self, python: str, exit_code: int, last_line: str) -> None:
        skips = self.skip_on_exit_code
        if (
            exit_code != 0
            and skips is not None
            and exit_code in ([skips] if isinstance(skips, int) else skips)
        ):
            raise SkipTask(f"{self.python_callable.__name__}() exited with {exit_code}")
        if exit_code != 0:
            raise TaskError(f"{last_line or 'no word'} ({python} {exit_words(exit_code)})")

    def on_kill(self) -> None:
        """End the interpreter and all that it started."""
        if self.program is not None:
            self.program.kill()

    def shown_source(self) -> str | None:
        """Return the text of the function."""
        return source_of(self.python_callable)


class PythonVirtualenvOperator(InterpreterOperator):
    """Calls a function in a virtual environment with these requirements, which is built once and kept.

    `requirements` is a list, or the name of a requirements file (.txt). `system_site_packages` lets the function
    import what the base interpreter has. `python_version` is one such as "3.12".
    """

    template_fields = ("requirements", "index_urls", "venv_cache_path", *InterpreterOperator.template_fields)
    template_ext = (".txt",)

    def __init__(
        self,
        task_id: str,
        *,
        python_callable: Callable[..., Any],
        requirements: str | Sequence[str] = (),
        python_version: str | float | None = None,
        system_site_packages: bool = True,
        pip_install_options: Sequence[str] = (),
        index_urls: str | Sequence[str] = (),
        venv_cache_path: str | Path | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, python_callable=python_callable, **arguments)
        self.requirements = requirements
        self.python_version = None if python_version is None else str(python_version)
        self.system_site_packages = read_flag("system_site_packages", system_site_packages)
        self.pip_install_options = tuple(pip_install_options)
        self.index_urls = [index_urls] if isinstance(index_urls, str) and index_urls else list(index_urls)
        self.venv_cache_path = None if venv_cache_path is None else str(venv_cache_path)

    def interpreter(self, program: Program) -> str:
        """Return the interpreter of the environment, built if need be."""
        library = [] if self.serializer == "pickle" else [self.serializer]
        wanted = Wanted(
            requirements=(*split_requirements(self.requirements), *library),
            python_version=self.python_version,
            system_site_packages=self.system_site_packages,
            pip_install_options=self.pip_install_options,
            index_urls=tuple(self.index_urls),
        )
        return VirtualEnvironments(self.venv_cache_path, self.log).python_of(wanted, program)


class ExternalPythonOperator(InterpreterOperator):
    """Calls a function with the interpreter at the path `python`, of an environment that is there already."""

    template_fields = ("external_python", *InterpreterOperator.template_fields)

    def __init__(
        self, task_id: str, *, python: str | Path, python_callable: Callable[..., Any], **arguments: Any
    ) -> None:
        super().__init__(task_id, python_callable=python_callable, **arguments)
        check_given("python", python, "give the path of an interpreter, such as /opt/reports/bin/python")
        self.external_python = str(python)

    def interpreter(self, program: Program) -> str:
        """Return the path; raises FailTask where nothing can be run there."""
        found = shutil.which(self.external_python)
        if found is None:
            raise FailTask(f"python={self.external_python!r}: this worker has no such interpreter.")
        return found


class BranchPythonVirtualenvOperator(PythonVirtualenvOperator):
    """The same, whose function returns the ids of what is to follow."""

    def execute(self, context: Context) -> Any:
        """Call the function, and skip the ways not taken."""
        chosen = super().execute(context)
        follow_branch(self, context, chosen)
        return chosen


class BranchExternalPythonOperator(ExternalPythonOperator):
    """The same, whose function returns the ids of what is to follow."""

    def execute(self, context: Context) -> Any:
        """Call the function, and skip the ways not taken."""
        chosen = super().execute(context)
        follow_branch(self, context, chosen)
        return chosen
