"""Set the state of a task or a run by hand, without running anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from scheduler.store.tasks import TaskRow, move_tasks, tasks_named
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
    row = get_task(session, run, task_id, path)
    moved, judged = mark_rows(session, now, run, [row], to, actor=actor)
    if not moved:
        raise Conflict(f"Task {task_id!r} cannot be marked as {to}: it is {row.state}.")
    return judged


def mark_rows(
    session: Session, now: datetime, run: RunRow, rows: Sequence[TaskRow], to: Mark, *, actor: str
) -> tuple[list[TaskRow], list[str]]:
    """Set the state of task instances of a locked run; return which moved, and the tasks below that are judged anew."""
    reason = f"marked {to} by {actor}"
    ids = [row.id for row in rows]
    cancel_attempts(session, now, lock_live_attempts(session, run.id, ids), reason, actor=actor)
    values = {"end_date": now, "reason": reason, "retry_at": None}
    reasons = dict.fromkeys(ids, reason)
    moved = move_tasks(session, now, ids, TaskState(to), values=values, actor=actor, reasons=reasons)
    if not moved:
        return [], []
    names = sorted({row.task_id for row in moved})
    graph = TaskGraph(load_graph(session, run.version_id))
    judged = _judge_again(session, now, run, graph, names, {row.id for row in moved}, actor)
    if to == "success" and not blocking_checks(graph.tasks.values()).keys().isdisjoint(names):
        release_held(session, now, run.id, graph)
    reopen(session, now, run, actor=actor, reason=f"{', '.join(names)[:200]} was {reason}")
    return moved, judged


def _judge_again(
    session: Session,
    now: datetime,
    run: RunRow,
    graph: TaskGraph,
    task_ids: Collection[str],
    marked: Collection[int],
    actor: str,
) -> list[str]:
    known = [each for each in task_ids if each in graph.tasks]
    below = tasks_named(session, run.id, graph.descendants(known)) if known else []
    blocked = [row for row in below if row.state is TaskState.UPSTREAM_FAILED and row.id not in marked]
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


def requeue_run(session: Session, now: datetime, dag_id: str, run_id: str, *, actor: str) -> None:
    """Have a run that had ended planned again, as it stands: what has not ended goes on. Raises NotFound."""
    run = lock_run(session, dag_id, run_id)
    reopen(session, now, run, actor=actor, reason=f"queued again by {actor}")
