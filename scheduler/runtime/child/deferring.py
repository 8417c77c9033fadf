"""A task that stops to wait, and goes on: what is told of it, and what it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from scheduler.errors import BadDag, TooLarge
from scheduler.runtime.waits import described
from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.signals import FAILED_WAIT, WAITED_TOO_LONG, FailTask, SkipTask, TaskDeferred, TaskError
from scheduler.sdk.xcom import decode, encode
from scheduler.wire import Data, Deferral, Outcome

#: What a wait may be made of: thousands of them are in one process.
_MOST_BYTES: Final = 1_000_000


def begin(task: BaseOperator, context: Context) -> Any:
    """Do what a task does first: its work, unless it begins with a trigger."""
    if not task.start_from_trigger:
        return task.execute(context)
    if task.start_trigger_args is None:
        raise BadDag(f"Task {task.task_id!r} has start_from_trigger, and no start_trigger_args.")
    args = task.start_trigger_args
    trigger = _Named(args.trigger_cls, args.trigger_kwargs or {})
    return task.defer(
        trigger=trigger, method_name=args.next_method, kwargs=args.next_kwargs, timeout=args.timeout
    )


class _Named:
    """A trigger that is not made here."""

    def __init__(self, path: str, kwargs: dict[str, Any]) -> None:
        self._made_of = path, kwargs

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return self._made_of


def go_on(task: BaseOperator, context: Context, resume: Data) -> Any:
    """Do what follows on a wait."""
    match resume["kind"]:
        case "event":
            kwargs = {**decode(resume["kwargs"]), "event": decode(resume["event"])}
            return task.resume_execution(resume["method"], kwargs, context)
        case "timeout":
            message = f"{resume['waited']} for longer than the {resume['timeout_s']:g} s that it may"
            failure = {"error": WAITED_TOO_LONG, "message": message}
            return task.resume_execution(FAILED_WAIT, failure, context)
        case "error":
            failure = {"error": resume["error"], "traceback": resume["traceback"]}
            return task.resume_execution(FAILED_WAIT, failure, context)
        case ended:
            return _end(ended, context)


def _end(state: str, context: Context) -> None:
    """End the task as its trigger says."""
    if state == "skipped":
        raise SkipTask("skipped by its trigger")
    if state == "failed":
        raise TaskError("failed by its trigger")


def deferred(outcome: Outcome, wish: TaskDeferred, task: BaseOperator) -> Outcome:
    """Return the outcome of an attempt that stops to wait; raises what keeps it from being written down."""
    if not callable(getattr(task, wish.method_name or "", None)):
        raise FailTask(
            f"Task {task.task_id!r} has no method {wish.method_name!r} to go on with after its wait."
        )
    path, kwargs = wish.trigger.serialize()
    deferral = Deferral(
        trigger=path,
        kwargs=_written(kwargs, f"What {path} is made of"),
        method=wish.method_name,
        next_kwargs=_written(wish.kwargs or {}, f"What {wish.method_name} is to be called with"),
        timeout_s=_seconds(wish.timeout),
    )
    return replace(
        outcome, state="deferred", deferral=deferral, reason=f"waits for {described(path, deferral.kwargs)}"
    )


def _written(values: Mapping[str, Any], what: str) -> Data:
    written: Data = encode(dict(values), what=what)
    if (size := len(json.dumps(written))) > _MOST_BYTES:
        raise TooLarge(f"{what} (keep large data in a file and pass its path)", size, _MOST_BYTES)
    return written


def _seconds(timeout: timedelta | float | None) -> float | None:
    return timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
