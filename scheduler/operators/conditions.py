"""`@run_if` and `@skip_if`: tasks that look first whether they are to run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from scheduler.errors import BadDag
from scheduler.operators.setup_teardown import RoleFunction
from scheduler.operators.taskflow import TaskFunction
from scheduler.sdk.context import Context
from scheduler.sdk.location import author_line
from scheduler.sdk.signals import SkipTask

#: Takes the context; says yes or no, or (yes or no, why it is skipped).
Condition = Callable[[Context], Any]
_T = TypeVar("_T", bound=TaskFunction[..., Any] | RoleFunction)


def run_if(condition: Condition, skip_message: str | None = None) -> Callable[[_T], _T]:
    """Let a `@task` run where a condition holds, and be skipped where not; write it above `@task`."""
    return _checking("run_if", condition, skip_message, skips=False)


def skip_if(condition: Condition, skip_message: str | None = None) -> Callable[[_T], _T]:
    """Let a `@task` be skipped where a condition holds; write it above `@task`."""
    return _checking("skip_if", condition, skip_message, skips=True)


def _checking(name: str, condition: Condition, message: str | None, *, skips: bool) -> Callable[[_T], _T]:
    given: Any = condition
    if isinstance(given, TaskFunction) or not callable(given):
        raise BadDag(
            f"{author_line()}: @{name} takes a function of the context, such as {name}(lambda context: ...)."
        )

    def check(context: Context) -> None:
        said = condition(context)
        holds, why = said if isinstance(said, tuple) else (said, None)
        if bool(holds) is skips:
            raise SkipTask(why or message or f"{name}: the condition {'holds' if skips else 'does not hold'}")

    def decorate(function: _T) -> _T:
        if not isinstance(function, TaskFunction | RoleFunction):
            raise BadDag(f"{author_line()}: @{name} stands above @task, and decorates what that makes.")
        return cast("_T", function.checked(check))

    return decorate
