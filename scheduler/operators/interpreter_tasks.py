"""`@task.virtualenv`, `@task.external_python`, and the branches of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scheduler.operators.interpreters import (
    BranchExternalPythonOperator,
    BranchPythonVirtualenvOperator,
    ExternalPythonOperator,
    InterpreterOperator,
    PythonVirtualenvOperator,
)
from scheduler.operators.taskflow import TaskFunction, decorate


class InterpreterDecorator:
    """Makes functions into ones that declare tasks of an operator, whose arguments it takes."""

    def __init__(self, operator: type[InterpreterOperator]) -> None:
        self._operator = operator

    def __call__(self, function: Callable[..., Any] | None = None, /, **arguments: Any) -> Any:
        """Make a function into one that declares tasks."""
        return decorate(self._operator, function, arguments)


class _Virtualenv(PythonVirtualenvOperator):
    operator_name = "@task.virtualenv"


class _ExternalPython(ExternalPythonOperator):
    operator_name = "@task.external_python"


class _BranchVirtualenv(BranchPythonVirtualenvOperator):
    operator_name = "@task.branch_virtualenv"


class _BranchExternalPython(BranchExternalPythonOperator):
    operator_name = "@task.branch_external_python"


#: What each attribute of `task` is.
DECORATORS: Final[Mapping[str, Callable[..., TaskFunction[..., Any]]]] = {
    "virtualenv": InterpreterDecorator(_Virtualenv),
    "external_python": InterpreterDecorator(_ExternalPython),
    "branch_virtualenv": InterpreterDecorator(_BranchVirtualenv),
    "branch_external_python": InterpreterDecorator(_BranchExternalPython),
}
