"""The next iteration of a looped task: a row of its own, made with the end of the one before."""

from __future__ import annotations

from datetime import datetime

from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.loops import after, may_follow
from scheduler.store.engine import Session
from scheduler.store.instances import rows_within
from scheduler.store.new_runs import task_values
from scheduler.store.reruns import clear_tasks
from scheduler.store.tasks import TaskRow, insert_tasks


def begin_iteration(
    session: Session, now: datetime, graph: TaskGraph, done: TaskRow, is_handed_on: bool
) -> list[TaskRow]:
    """Make the iteration that follows on one that has just ended, and return it; its run must be locked.

    None where there may be no more. One that went when an earlier iteration was cleared comes back, with its attempts.
    `is_handed_on`: what follows is planned in this transaction; else the row is marked for it.
    """
    if not may_follow(graph, done.key):
        return []
    key = TaskKey(done.task_id, after(done.path))
    gone = rows_within(session, done.run_pk, [key], graph.dimensions.depth)
    if gone:
        clear_tasks(session, now, [gone[0].id], retries=graph.tasks[key.task_id].retries, actor="worker")
    else:
        values = task_values(graph, done.run_pk, key.task_id)
        insert_tasks(session, [values | {"path": key.path, "changed": not is_handed_on}])
    return rows_within(session, done.run_pk, [key], graph.dimensions.depth)
