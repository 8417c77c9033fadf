"""Let runs go on: one that had ended, and the one that waits for what has ended in the run before it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from scheduler.core.graph import TaskGraph
from scheduler.core.states import RUN_FINISHED, RunState
from scheduler.store.engine import Session
from scheduler.store.reruns import judge_anew
from scheduler.store.run_ends import count_run
from scheduler.store.runs import RunRow, flag_runs, later_run, move_runs
from scheduler.store.setting_aside import take_run_up
from scheduler.store.tasks import mark_changed


def reopen(session: Session, now: datetime, run: RunRow, *, actor: str, reason: str) -> None:
    """Have a locked run planned, though it was set aside; one that had ended queues again until there is room."""
    if run.state in RUN_FINISHED:
        count_run(session, now, run.id)
        move_runs(
            session, now, [run.id], RunState.QUEUED, actor=actor, reason=reason, values={"queued_at": now}
        )
        return
    if run.is_aside:
        take_run_up(session, run.id)
    flag_runs(session, [run.id])


def wake_later_run(session: Session, run: RunRow, graph: TaskGraph, finished: Collection[str]) -> None:
    """Have tasks of the next run looked at that depend on what has just finished in this one."""
    tasks = {each: graph.tasks[each] for each in finished}
    waiting = {each for each, task in tasks.items() if task.depends_on_past or task.wait_for_downstream}
    for task_id in finished:
        waiting |= {each for each in graph.upstream(task_id) if graph.tasks[each].wait_for_downstream}
    later = later_run(session, run) if waiting else None
    if later is not None:
        mark_changed(session, later.id, waiting)
        flag_runs(session, [later.id])


def wake_later_run_of_other_code(session: Session, run: RunRow) -> None:
    """Have the next run looked at once this one has ended, where only its own code says what it waits for."""
    later = later_run(session, run)
    if later is not None and later.version_id != run.version_id:
        judge_anew(session, later.id)
        flag_runs(session, [later.id])
