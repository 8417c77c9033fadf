"""Operators that call a Python function."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from scheduler.errors import BadDag
from scheduler.sdk.arguments import bad_argument
from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator

if TYPE_CHECKING:
    from typing import Unpack

    from scheduler.sdk.task_arguments import TaskArguments


class PythonOperator(BaseOperator):
    """Calls a function. Parameters named for something in the context, such as `ti` or `ds`, receive it.

    A value that ends with one of `templates_exts` is the name of a template file.
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
        templates_exts: Collection[str] = (),
        **arguments: Unpack[TaskArguments],
    ) -> None:
        super().__init__(task_id, **arguments)
        if not callable(python_callable):
            raise bad_argument("python_callable", python_callable, "give a function")
        if inspect.iscoroutinefunction(python_callable):
            _asyncio()
        # Looked at before attempts are forked: each of them would look anew.
        signature_of(python_callable)
        self.python_callable = python_callable
        self.op_args = tuple(op_args)
        self.op_kwargs = dict(op_kwargs or {})
        self.templates_dict = dict(templates_dict or {})
        if templates_exts:
            self.template_ext = tuple(templates_exts)

    def execute(self, context: Context) -> Any:
        """Call the function; a coroutine is run to its end."""
        known = context | {"templates_dict": self.templates_dict}
        return call(self.python_callable, self.op_args, self.op_kwargs, known)

    def shown_source(self) -> str | None:
        """Return the text of the function."""
        return source_of(self.python_callable)


class ShortCircuitOperator(PythonOperator):
    """Skips what follows when its function returns something false.

    All tasks downstream are skipped; with `ignore_downstream_trigger_rules=False` only the direct ones, and
    the others follow from their own trigger rules.
    """

    def __init__(
        self, task_id: str, *, ignore_downstream_trigger_rules: bool = True, **arguments: Any
    ) -> None:
        super().__init__(task_id, **arguments)
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules

    def execute(self, context: Context) -> Any:
        """Call the function, and skip what follows where it says no."""
        returned = super().execute(context)
        if not returned:
            skipped = (
                reachable(self, self.downstream_task_ids) if self.ignore_downstream_trigger_rules else set()
            )
            skipped = without_teardowns(self, skipped | self.downstream_task_ids)
            self.log.info("The condition is %r: %d tasks are skipped.", returned, len(skipped))
            context["ti"].skip_tasks(skipped)
        return returned


class BranchPythonOperator(PythonOperator):
    """Its function returns the task_ids or group_ids that are to follow; the other followers are skipped."""

    def execute(self, context: Context) -> Any:
        """Call the function, and skip the ways not taken."""
        returned = super().execute(context)
        follow_branch(self, context, returned)
        return returned


def follow_branch(task: BaseOperator, context: Context, branch: str | Iterable[str] | None) -> None:
    """Let the tasks and groups of these ids follow a task; the others after it are skipped.

    Raises BadDag for an id that stands for nothing.
    """
    chosen = {branch} if isinstance(branch, str) else set(branch or ())
    taken = set[str]().union(*(tasks_named(task, each) for each in chosen))
    skipped = without_teardowns(task, task.downstream_task_ids - taken - reachable(task, taken))
    task.log.info(
        "Followed by %s; skipped: %s.",
        ", ".join(sorted(taken)) or "none",
        ", ".join(sorted(skipped)) or "none",
    )
    context["ti"].skip_tasks(skipped)


def reachable(task: BaseOperator, task_ids: Collection[str]) -> set[str]:
    """Return all tasks downstream of these."""
    found: set[str] = set()
    waiting = list(task_ids)
    while waiting and task.dag:
        followers = task.dag.downstream_of(waiting.pop()) - found
        found |= followers
        waiting += followers
    return found


def without_teardowns(task: BaseOperator, task_ids: Collection[str]) -> set[str]:
    """Return these tasks but for teardowns: what was set up is taken away whichever way is chosen."""
    known = task.dag.task_dict if task.dag else {}
    return {each for each in task_ids if not known[each].is_teardown}


def tasks_named(task: BaseOperator, name: str) -> set[str]:
    """Return the tasks that a branch means: by full id, by an id within its own group, or all of a group."""
    dag = task.dag
    names = [name] if task.task_group is None else [name, task.task_group.child_id(name)]
    for each in names:
        if dag and each in dag.task_dict:
            return {each}
        if dag and each in dag.groups:
            return {inner.task_id for inner in dag.groups[each].tasks()}
    known = ", ".join(sorted(task.downstream_task_ids)) or "none"
    raise BadDag(f"The branch {task.task_id!r} chose {name!r}, which is no task; after it come {known}.")


def call(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], context: Mapping[str, Any]
) -> Any:
    """Call a function with what it was given and what it asks of the context; a coroutine runs to its end."""
    returned = function(*args, **kwargs, **from_context(function, context, len(args), kwargs))
    return run_coroutine(returned) if inspect.iscoroutine(returned) else returned


def run_coroutine(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end; in a thread of its own beside a loop that runs in this one, such as a notebook's."""
    asyncio = _asyncio()
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with import_module("concurrent.futures").ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, asyncio.run, coroutine).result()


def _asyncio() -> Any:
    """Import asyncio only where it is needed: it brings ssl, and the larger a process, the slower each fork of it."""
    return import_module("asyncio")


def from_context(
    function: Callable[..., Any], context: Mapping[str, Any], positional: int, given: Collection[str]
) -> dict[str, Any]:
    """Return what the function asks of the context by name, or all of it where it takes `**kwargs`."""
    signature = signature_of(function)
    if signature.takes_all:
        taken = {*signature.names[:positional], *given}
        return {name: value for name, value in context.items() if name not in taken}
    return {
        name: context[name]
        for place, name in signature.asked
        if place >= positional and name in context and name not in given
    }


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes: its parameters' names, and place and name of those that the context may fill."""

    names: tuple[str, ...] = ()
    asked: tuple[tuple[int, str], ...] = ()
    takes_all: bool = False  #: it has `**kwargs`


def signature_of(function: Callable[..., Any]) -> Signature:
    """Return what a function takes; nothing of one that does not tell. Kept where the function can be looked up."""
    try:
        return _signature_of(function)
    except TypeError:  # An instance that can be called need not be hashable.
        return _signature_of.__wrapped__(function)


@lru_cache(maxsize=4096)
def _signature_of(function: Callable[..., Any]) -> Signature:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # Functions written in C need not have a signature.
        return Signature()
    asked = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return Signature(
        names=tuple(each.name for each in parameters),
        asked=tuple(
            (place, each.name)
            for place, each in enumerate(parameters)
            if each.kind in asked and (each.default is each.empty or each.default is None)
        ),
        takes_all=any(each.kind is each.VAR_KEYWORD for each in parameters),
    )


def source_of(function: Callable[..., Any]) -> str | None:
    """Return the source text of a function, or None where there is none."""
    try:
        return _source_of(function)
    except TypeError:  # An instance that can be called need not be hashable.
        return None


@lru_cache(maxsize=4096)
def _source_of(function: Callable[..., Any]) -> str | None:
    try:
        return textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    except (OSError, TypeError, SyntaxError):
        return None
