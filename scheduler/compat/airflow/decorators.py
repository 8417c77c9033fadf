"""Task decorators that providers and authors make themselves: `task_decorator_factory` and what it is built of.

`@task.NAME` is one that an installed provider announces under that name.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

from scheduler.errors import NotInDirigent
from scheduler.operators.python import call, source_of
from scheduler.operators.taskflow import Task, TaskDecorator, TaskFlowOperator, decorate, free_id
from scheduler.sdk.dag import DAG
from scheduler.sdk.group import TaskGroup
from scheduler.sdk.location import author_line
from scheduler.sdk.operator import BaseOperator, OperatorMeta

__all__ = [
    "AirflowTask",
    "DecoratedOperator",
    "TaskDecorator",
    "get_unique_task_id",
    "task",
    "task_decorator_factory",
]


class _ByName(OperatorMeta):
    """Hands the id on by its name: subclasses take their arguments so."""

    def __call__(cls, task_id: str | None = None, **arguments: Any) -> Any:
        return super().__call__(**{"task_id": task_id, "op_args": (), "op_kwargs": {}, **arguments})


class DecoratedOperator(BaseOperator, metaclass=_ByName):
    """The task that a call of a decorated function declares; subclassed beside the operator that runs it."""

    template_fields = ("op_args", "op_kwargs")
    custom_operator_name = "@task"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        task_id: str,
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        kwargs_to_upstream: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id=task_id, **{**(kwargs_to_upstream or {}), **arguments})
        self.python_callable = python_callable
        self.op_args = tuple(op_args or ())
        self.op_kwargs = dict(op_kwargs or {})

    @property
    def operator_name(self) -> str:
        """As it is written in the file."""
        return self.custom_operator_name

    def execute(self, context: Any) -> Any:
        """Do what the operator beside it does; alone it calls the function."""
        beside: Callable[[Any], Any] = super().execute
        if getattr(beside, "__func__", None) is BaseOperator.execute:
            return call(self.python_callable, self.op_args, self.op_kwargs, context)
        return beside(context)

    def shown_source(self) -> str | None:
        """Return the text of the function."""
        return source_of(self.python_callable)

    def get_python_source(self) -> str:
        """Return the text of the function, without its decorators."""
        text = textwrap.dedent(inspect.getsource(self.python_callable))
        (function,) = ast.parse(text).body
        return "".join(text.splitlines(keepends=True)[function.lineno - 1 :])


def task_decorator_factory(
    python_callable: Callable[..., Any] | None = None,
    *,
    multiple_outputs: bool | None = None,
    decorated_operator_class: Any,
    **arguments: Any,
) -> Any:
    """Make a function declare tasks of this class, or return the decorator that does."""
    given = arguments if multiple_outputs is None else {**arguments, "multiple_outputs": multiple_outputs}
    return decorate(decorated_operator_class, python_callable, given)


def get_unique_task_id(task_id: str, dag: DAG | None = None, task_group: TaskGroup | None = None) -> str:
    """Return the id with `__1`, `__2` and so on where the DAG or group has it already."""
    return free_id(task_id, {"dag": dag, "task_group": task_group})


class AirflowTask(Task):
    """`@task` with the decorators of installed providers as attributes."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        path = _announced().get(name)
        if path is None:
            raise NotInDirigent(
                f"{author_line()}: no installed provider has a decorator @task.{name}. `dirigent providers install` "
                "installs one."
            )
        module, _, made = path.rpartition(".")
        return getattr(importlib.import_module(module), made)


#: What `from airflow.decorators import task` gives.
task = AirflowTask(TaskFlowOperator)


@cache
def _announced() -> dict[str, str]:
    """Return where each decorator is that installed providers announce."""
    metadata = importlib.import_module("importlib.metadata")  # It brings much, and is rarely asked.
    found = [each.load()() for each in metadata.entry_points(group="apache_airflow_provider")]
    decorators = [each for info in found for each in info.get("task-decorators", ())]
    return {each["name"]: each["class-name"] for each in decorators}
