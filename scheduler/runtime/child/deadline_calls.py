"""What is called where a run missed a deadline: a function, a coroutine, or a notifier."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Final

from scheduler.errors import BadDag
from scheduler.operators.python import run_coroutine
from scheduler.sdk.arguments import Callback
from scheduler.sdk.context import Context
from scheduler.sdk.dag import DAG
from scheduler.sdk.deadlines import BaseDeadlineReference, DeadlineAlert
from scheduler.sdk.deadlines import Callback as Called


def callbacks_of(dag: DAG, place: int) -> tuple[Callback, ...]:
    """Return what the deadline at this place of the DAG's calls."""
    called = _deadline(dag, place).callback
    return (lambda context: _call(called, context),)


def references_of(dag: DAG, place: int) -> tuple[Callback, ...]:
    """Return what asks the reference of the deadline at this place: it leaves the instant in the context."""
    return (lambda context: context.update(deadline_at=_instant(_deadline(dag, place), context)),)


#: What is called for the kinds of callbacks that have to do with deadlines.
CALLS: Final = {"deadline": callbacks_of, "reference": references_of}


def _deadline(dag: DAG, place: int) -> DeadlineAlert:
    if place >= len(dag.deadlines):
        raise BadDag(
            f"DAG {dag.dag_id!r} has {len(dag.deadlines)} deadlines by now; there is no {place + 1}."
        )
    return dag.deadlines[place]


def _instant(deadline: DeadlineAlert, context: Context) -> str:
    reference = deadline.reference
    if not isinstance(reference, BaseDeadlineReference):
        raise BadDag("The deadline is counted from something else by now.")
    said: object = reference.evaluate(context["dag_run"])
    if said is None:
        return ""
    if not isinstance(said, datetime) or said.tzinfo is None:
        raise BadDag(
            f"{type(reference).__name__} answered {said!r}; return a datetime with a time zone, or None."
        )
    return (said.astimezone(UTC) + deadline.interval).isoformat()


def _call(called: Called, context: Context) -> None:
    function = _found(called.callable) if isinstance(called.callable, str) else called.callable
    if isinstance(function, type):
        function(**called.kwargs)(context)
        return
    more = {"context": context} if _takes_context(function) else {}
    returned = function(**called.kwargs, **more)
    if inspect.isawaitable(returned):
        run_coroutine(_awaited(returned))


async def _awaited(returned: Any) -> Any:
    return await returned


def _takes_context(function: Any) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return any(each.name == "context" or each.kind is each.VAR_KEYWORD for each in parameters)


def _found(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)
