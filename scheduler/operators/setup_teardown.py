"""`@setup`, `@teardown`, `@result`: functions whose tasks have a part to play in the run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from scheduler.errors import BadDag
from scheduler.operators.taskflow import TaskFunction, task
from scheduler.sdk.location import author_line
from scheduler.sdk.results import XComArg


class RoleFunction:
    """A `@task` function each of whose tasks is given a part. Whatever else it is asked for, that function gives."""

    def __init__(
        self, function: TaskFunction[..., Any] | RoleFunction, give_role: Callable[[XComArg[Any]], Any]
    ) -> None:
        self._function = function
        self._give_role = give_role

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Declare a task, and give it its role; inside of a running task call the plain function."""
        made: Any = self._function(*args, **kwargs)
        return self._give_role(made) if isinstance(made, XComArg) else made

    def override(self, **arguments: Any) -> RoleFunction:
        """Return the same with other task arguments."""
        return RoleFunction(self._function.override(**arguments), self._give_role)

    def partial(self, **kwargs: Any) -> RoleFunction:
        """Return the same with these arguments given, to be mapped over others."""
        return RoleFunction(self._function.partial(**kwargs), self._give_role)

    def expand(self, **kwargs: Any) -> Any:
        """Declare a mapped task, and give it its role."""
        return self._give_role(self._function.expand(**kwargs))

    def expand_kwargs(self, kwargs: Any) -> Any:
        """Declare a mapped task, and give it its role."""
        return self._give_role(self._function.expand_kwargs(kwargs))

    def checked(self, check: Callable[[Any], Any]) -> RoleFunction:
        """Return the same whose tasks call `check` first."""
        return RoleFunction(self._function.checked(check), self._give_role)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


def setup(function: Callable[..., Any]) -> RoleFunction:
    """Make a function, or a `@task` function, one whose tasks are setups."""
    return RoleFunction(_task_function(function, "@setup"), lambda made: made.as_setup())


def teardown(
    function: Callable[..., Any] | None = None, /, *, setups: Any = None, on_failure_fail_dagrun: bool = False
) -> Any:
    """Make a function, or a `@task` function, one whose tasks are teardowns, with or without arguments."""
    if function is None:
        return partial(teardown, setups=setups, on_failure_fail_dagrun=on_failure_fail_dagrun)
    return RoleFunction(
        _task_function(function, "@teardown"),
        lambda made: made.as_teardown(setups=setups, on_failure_fail_dagrun=on_failure_fail_dagrun),
    )


def result(function: Callable[..., Any]) -> RoleFunction:
    """Let a run return what the tasks of a `@task` function return: to the page, the API, and who started it."""
    if not isinstance(function, TaskFunction | RoleFunction):
        raise BadDag(f"{author_line()}: @result goes on top of a @task function, not of {function!r}.")
    return RoleFunction(function, _mark_result)


def _mark_result(made: XComArg[Any]) -> XComArg[Any]:
    made.operator.returns_dag_result = True
    return made


def _task_function(function: Any, name: str) -> TaskFunction[..., Any] | RoleFunction:
    if isinstance(function, TaskFunction | RoleFunction):
        return function
    if not callable(function) or isinstance(function, type):
        raise BadDag(f"{author_line()}: {name} decorates a function or a @task function, not {function!r}.")
    return task(function)
