"""One attempt of user code: prepare, render, run, classify, call back.

Used by forked attempts and by `dag.test()`. Nothing that user code does escapes as an exception, Ctrl-C
apart: it becomes an Outcome.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Final

from scheduler.clock import Clock
from scheduler.runtime.child.blame import blame
from scheduler.runtime.child.deferring import begin, deferred, go_on
from scheduler.runtime.child.interrupts import cancellable, time_limit
from scheduler.runtime.child.retrying import ask_policy
from scheduler.sdk.arguments import Callback
from scheduler.sdk.channel import Channel
from scheduler.sdk.connections import Connections
from scheduler.sdk.context import (
    Attempt,
    Context,
    run_context,
    running,
    task_context,
)
from scheduler.sdk.dag import DAG
from scheduler.sdk.instance import TaskInstance, dag_run_of
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.results import RETURN_KEY
from scheduler.sdk.signals import (
    FailTask,
    RescheduleTask,
    SkipTask,
    TaskAwaitingInput,
    TaskCancelled,
    TaskDeferred,
    TaskTimeout,
)
from scheduler.sdk.state_store import AssetStateStores, TaskStateStore
from scheduler.sdk.templates import Renderer, render_task, shown
from scheduler.sdk.variables import Variables
from scheduler.sdk.xcom import encode
from scheduler.wire import TAG, Data, Job, Outcome, cut

_log: Final = logging.getLogger("dirigent.attempt")
#: Characters of the name of an instance of a mapped task.
_LONGEST_NAME: Final = 250


def perform(dag: DAG, job: Job, channel: Channel, clock: Clock) -> Outcome:
    """Run the attempt that `job` describes and say how it ended; in the main thread, time limits hold."""
    started_at = clock.now().isoformat()
    try:
        job = _dated(dag, job)
    except Exception as error:  # noqa: BLE001 - a timetable of the author's own
        info = blame(error, job.code_root)
        failed = Outcome(
            attempt_id=job.attempt_id, epoch=job.epoch, state="failed", error=info, reason=info.line
        )
        return replace(failed, started_at=started_at, ended_at=clock.now().isoformat())
    outcome = (
        _perform_task(dag, job, channel, clock)
        if job.kind == "task"
        else _call_back(dag, job, channel, clock)
    )
    return replace(outcome, started_at=started_at, ended_at=clock.now().isoformat())


def _dated(dag: DAG, job: Job) -> Job:
    """Return the job with the data interval that the timetable gives a run by hand, where it has a say in that."""
    if job.run.run_type != "manual" or not hasattr(dag.timetable, "infer_manual_data_interval"):
        return job
    # By name: other attempts need not carry it.
    module = import_module("scheduler.runtime.child.own_timetables")
    return replace(job, run=module.with_interval(dag, job.run))


@dataclass(slots=True)
class _Prepared:
    """A task with what it sees; `task` is the rendered copy once there is one."""

    task: BaseOperator
    instance: TaskInstance
    context: Context
    is_again: bool = False  #: another iteration of its loop follows


def _prepare(dag: DAG, job: Job, channel: Channel, clock: Clock) -> _Prepared:
    task = dag.get_task(job.task_id)
    instance = TaskInstance(task, job, channel, clock.now(), dag_run_of(job.run))
    context = task_context(dag, task, instance, job.run, job.reason)
    if task.loop is not None:
        context |= task.loop.context(instance)
    return _Prepared(task, instance, _completed(dag, job, context))


def _completed(dag: DAG, job: Job, context: Context) -> Context:
    """Return the context with what reads from Dirigent, and what the file's dialect adds."""
    whole = context | {
        "var": Variables(),
        "conn": Connections(),
        "task_state_store": TaskStateStore(),
        "asset_state_store": AssetStateStores(),
    }
    return dag.dialect.context(dag, job.run, whole) if dag.dialect else whole


def _perform_task(dag: DAG, job: Job, channel: Channel, clock: Clock) -> Outcome:
    prepared = _prepare(dag, job, channel, clock)
    with running(Attempt(prepared.context, channel, clock)):
        error: BaseException | None = None
        xcoms: Data = {}
        try:
            with cancellable(), time_limit(_limit_s(prepared.task, job)):
                xcoms = _run(prepared, dag, channel, job.resume)
        except KeyboardInterrupt:
            prepared.task.on_kill()
            raise
        except BaseException as raised:  # noqa: BLE001 - the task runner is one of the three edges
            error = raised
        outcome = _classify(error, job, prepared, xcoms)
        outcome = ask_policy(outcome, error, prepared.task, job, prepared.context)
        if prepared.task.map_index_template:
            outcome = replace(outcome, rendered_map_index=_name_of_instance(prepared, dag))
        if prepared.task.outlets and outcome.state == "success":
            outcome = replace(outcome, assets=prepared.context["outlet_events"].collected())
        if prepared.task.check is not None:
            outcome = replace(outcome, assets=prepared.task.told_of_assets())
        _announce(prepared, outcome, error, job)
    return outcome


def _name_of_instance(prepared: _Prepared, dag: DAG) -> str | None:
    """Return what the instance is called, by its own arguments and what the task has put into the context."""
    own = prepared.task.mapped_arguments or {}
    known = prepared.context | {name: value for name, value in own.items() if name not in prepared.context}
    try:
        name = Renderer(prepared.task, dag, known).render(prepared.task.map_index_template)
    except Exception as error:  # noqa: BLE001 - macros and filters are user code, and the task is done
        _log.warning(
            "map_index_template of task %r: %s: %s", prepared.task.task_id, type(error).__name__, error
        )
        return None
    return cut(str(name), _LONGEST_NAME)


def _limit_s(task: BaseOperator, job: Job) -> float | None:
    if job.execution_timeout_s is not None:
        return job.execution_timeout_s
    return task.execution_timeout.total_seconds() if task.execution_timeout else None


def _run(prepared: _Prepared, dag: DAG, channel: Channel, resume: Data | None) -> Data:
    prepared.task, fields = render_task(prepared.task.unmapped(prepared.context), dag, prepared.context)
    prepared.instance.task = prepared.context["task"] = prepared.task
    if visible := shown(fields):
        channel.set_rendered(visible)
    task, context = prepared.task, prepared.context
    _call(task.on_execute_callback, context, "on_execute_callback")
    try:
        task.pre_execute(context)
        result = begin(task, context) if resume is None else go_on(task, context, resume)
        if task.outlets:
            result = context["outlet_events"].drained(result)
        task.post_execute(context, result)
    except (TaskTimeout, TaskCancelled):
        task.on_kill()
        raise
    if task.loop is not None:
        prepared.is_again = task.loop.is_again(prepared.instance, result)
    return _kept(task, result) if resume is None else resume.get("xcoms", {}) | _kept(task, result)


def _kept(task: BaseOperator, result: object) -> Data:
    """Return what is passed on: the result, and its parts where the task has multiple outputs."""
    if task.loop is None and (result is None or not task.do_xcom_push):
        return {}
    encoded = encode(result, what=f"The return value of task {task.task_id!r}")
    is_plain = isinstance(result, Mapping) and TAG not in encoded
    return (encoded if task.multiple_outputs and is_plain else {}) | {RETURN_KEY: encoded}


def _classify(error: BaseException | None, job: Job, prepared: _Prepared, xcoms: Data) -> Outcome:
    """Say how the attempt ended. One clause an outcome."""
    ended = Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="failed")
    match error:
        case None:
            if prepared.is_again:
                return replace(ended, state="success", xcoms=xcoms, is_again=True)
            skipped = tuple(sorted(prepared.instance.skipped))
            return replace(ended, state="success", xcoms=xcoms, skip_tasks=skipped)
        case SystemExit(code=None | 0):
            return replace(ended, state="success")
        case SkipTask():
            return replace(ended, state="skipped", reason=str(error) or "skipped by the task itself")
        case RescheduleTask():
            at = error.reschedule_date.isoformat()
            return replace(ended, state="reschedule", reschedule_at=at, reason=str(error))
        case TaskDeferred() | TaskAwaitingInput():
            return _wait(ended, error, job, prepared)
        case TaskCancelled():
            return replace(ended, state="cancelled", retryable=False, reason=str(error))
        case _:
            info = blame(error, job.code_root)
            reason = str(error) if isinstance(error, TaskTimeout) else info.line
            return replace(ended, retryable=not isinstance(error, FailTask), error=info, reason=reason)


def _wait(ended: Outcome, wish: TaskDeferred | TaskAwaitingInput, job: Job, prepared: _Prepared) -> Outcome:
    if isinstance(wish, TaskAwaitingInput):
        return replace(ended, state="awaiting_input", question=wish.question, reason=str(wish))
    try:
        return deferred(ended, wish, prepared.task)
    except Exception as error:  # noqa: BLE001 - `serialize` of a trigger is user code
        return _classify(error, job, prepared, {})


def _announce(prepared: _Prepared, outcome: Outcome, error: BaseException | None, job: Job) -> None:
    """Log how the attempt ended, and call those who asked to be told."""
    task, context = prepared.task, prepared.context
    if outcome.error is not None:
        task.log.error("%s", outcome.error.traceback.rstrip() or outcome.error.line)
    elif outcome.reason:
        task.log.info("%s: %s", outcome.state.capitalize().replace("_", " "), outcome.reason)
    state, callbacks, name = _told(task, outcome, job)
    prepared.instance.state = state
    context["exception"] = error
    context["reason"] = outcome.reason
    _call(callbacks, context, name)


def _told(task: BaseOperator, outcome: Outcome, job: Job) -> tuple[str, tuple[Callback, ...], str]:
    """Return the state that the task takes, and which callbacks hear of it."""
    match outcome.state:
        case "success":
            return "success", task.on_success_callback, "on_success_callback"
        case "skipped":
            return "skipped", task.on_skipped_callback, "on_skipped_callback"
        case "failed" if outcome.retryable and job.try_number < job.max_tries:
            return "up_for_retry", task.on_retry_callback, "on_retry_callback"
        case "failed":
            return "failed", task.on_failure_callback, "on_failure_callback"
        case "reschedule":
            return "up_for_reschedule", (), ""
        case "deferred" | "awaiting_input" as waiting:
            return waiting, (), ""
        case "cancelled" | "lost":
            return "failed", (), ""


def _call(callbacks: Iterable[Callback], context: Context, name: str) -> list[BaseException]:
    """Call each; one that raises is logged and stops no other."""
    raised: list[BaseException] = []
    for callback in callbacks:
        try:
            callback(context)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a callback's failure is not the task's
            _log.exception("%s %s failed.", name, getattr(callback, "__name__", callback))
            raised.append(error)
    return raised


def _called(owner: Any, job: Job) -> tuple[str, tuple[Callback, ...]]:
    """Return what a callback is called in the log, and whom it calls."""
    kind, _, place = job.callback.partition(":")
    if kind in ("deadline", "reference"):
        # By name: other attempts need not carry it.
        module = import_module("scheduler.runtime.child.deadline_calls")
        return kind, module.CALLS[kind](owner, int(place))
    name = f"on_{job.callback}_callback"
    return name, getattr(owner, name)


def _call_back(dag: DAG, job: Job, channel: Channel, clock: Clock) -> Outcome:
    """Call the callbacks of a DAG, or of a task whose own process could no longer do it."""
    owner: Any = dag
    context = run_context(dag, job.run, job.reason)
    if job.kind == "task_callback":
        owner = dag.get_task(job.task_id)
        instance = TaskInstance(owner, job, channel, context["dag_run"].run_after, context["dag_run"])
        instance.state = "failed" if job.callback == "failure" else job.callback
        context = task_context(dag, owner, instance, job.run, job.reason)
    context = _completed(dag, job, context)
    context["exception"] = None
    name, callbacks = _called(owner, job)
    with running(Attempt(context, channel, clock)), cancellable(), time_limit(job.execution_timeout_s):
        raised = _call(callbacks, context, name)
    ended = Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="success")
    if not raised:
        return replace(ended, deadline_at=context.get("deadline_at"))
    info = blame(raised[0], job.code_root)
    return replace(ended, state="failed", error=info, reason=info.line)
