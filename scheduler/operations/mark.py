"""Set the state of a task or a run by hand, without running anything."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from scheduler.core.assets import blocking_checks
from scheduler.core.graph import TaskGraph
from scheduler.core.states import RUN_FINISHED, RunState, TaskState
from scheduler.errors import Conflict
from scheduler.operations.callbacks import call_back
from scheduler.operations.cancel import stop_unfinished
from scheduler.operations.finding import get_task, lock_run
from scheduler.operations.reopening import reopen
from scheduler.store.asset_checks import release_held
from scheduler.store.attempts import cancel_attempts, lock_live_attempts
from scheduler.store.engine import Session
from scheduler.store.run_ends import count_run
from scheduler.store.runs import RunRow, move_runs
from scheduler.store.tasks import move_tasks, tasks_named
from scheduler.store.versions import load_graph

Mark = Literal["success", "failed", "skipped"]


def mark_task(
    session: Session,
    now: datetime,
    dag_id: str,
    run_id: str,
    task_id: str,
    *,
    to: Mark,
    path: str = "",
    actor: str,
) -> list[str]:
    """Set the state of a task instance; return the tasks below it that are judged anew.

    What it runs is stopped. Tasks below that could not run because of it (upstream_failed) are planned
    again by their own rules, and a run that had ended goes on. A blocking check of an asset that is marked as success
    withholds its change no longer. Raises NotFound, and Conflict where it is in
    that state.
    """
    run = lock_run(session, dag_id, run_id)
    attempts_of = get_task(session, run, task_id, path)
    reason = f"marked {to} by {actor}"
    live = lock_live_attempts(session, run.id, [attempts_of.id])
    cancel_attempts(session, now, live, reason, actor=actor)
    values = {"end_date": now, "reason": reason, "retry_at": None}
    reasons = {attempts_of.id: reason}
    if not move_tasks(
        session, now, [attempts_of.id], TaskState(to), values=values, actor=actor, reasons=reasons
    ):
        raise Conflict(f"Task {task_id!r} cannot be marked as {to}: it is {attempts_of.state}.")
    graph = TaskGraph(load_graph(session, run.version_id))
    judged = _judge_again(session, now, run, graph, task_id, actor)
    if to == "success" and task_id in blocking_checks(graph.tasks.values()):
        release_held(session, now, run.id, graph)
    reopen(session, now, run, actor=actor, reason=f"{task_id} was {reason}")
    return judged


def _judge_again(
    session: Session, now: datetime, run: RunRow, graph: TaskGraph, task_id: str, actor: str
) -> list[str]:
    if task_id not in graph.tasks:
        return []
    below = tasks_named(session, run.id, graph.descendants([task_id]))
    blocked = [row for row in below if row.state is TaskState.UPSTREAM_FAILED]
    values = {"end_date": None, "reason": ""}
    move_tasks(session, now, [row.id for row in blocked], TaskState.NONE, values=values, actor=actor)
    return sorted({row.task_id for row in blocked})


def mark_run(
    session: Session, now: datetime, dag_id: str, run_id: str, *, to: Literal["success", "failed"], actor: str
) -> int:
    """End a run in a state; tasks that have not ended are stopped and marked too. Return how many of those.

    With failed, what has not started is skipped. Tasks that have ended keep their states. The DAG's callbacks are
    called.
    Raises NotFound, and Conflict where the run has ended in that state.
    """
    run = lock_run(session, dag_id, run_id)
    state = RunState(to)
    if run.state is state and state in RUN_FINISHED:
        raise Conflict(f"Run {run_id!r} is {to} already.")
    reason = f"marked {to} by {actor}"
    rest = TaskState.SUCCESS if state is RunState.SUCCESS else TaskState.SKIPPED
    graph = TaskGraph(load_graph(session, run.version_id))
    count = stop_unfinished(session, now, run, graph, rest, reason, actor=actor)
    if state is RunState.SUCCESS:
        release_held(session, now, run.id, graph)
    count_run(session, now, run.id)
    move_runs(session, now, [run.id], state, reason=reason, actor=actor)
    call_back(session, now, run, graph.spec, state, reason)
    return count
