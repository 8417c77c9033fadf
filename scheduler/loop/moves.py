"""What the planner decided, written; and what it asks of the run before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.plan import Move, States
from scheduler.core.states import TaskState
from scheduler.store.engine import Session
from scheduler.store.reruns import judge_anew
from scheduler.store.runs import RunRow, flag_runs, keep_run, previous_run
from scheduler.store.tasks import TaskRow, move_tasks, states_of, tasks_named


def write_moves(session: Session, now: datetime, rows: Iterable[TaskRow], moves: Iterable[Move]) -> None:
    """Move tasks as decided; `rows` are those that the planner saw."""
    ids = {row.key: row.id for row in rows}
    for (to, reason), keys in _grouped(moves).items():
        _write(session, now, [ids[key] for key in keys], to, reason)


def _write(session: Session, now: datetime, ids: Sequence[int], to: TaskState, reason: str) -> None:
    stamp = "scheduled_at" if to is TaskState.SCHEDULED else "end_date"
    reasons = dict.fromkeys(ids, reason) if reason else None
    move_tasks(
        session, now, ids, to, values={stamp: now, "reason": reason, "changed": False}, reasons=reasons
    )


def _grouped(moves: Iterable[Move]) -> Mapping[tuple[TaskState, str], list[TaskKey]]:
    groups: defaultdict[tuple[TaskState, str], list[TaskKey]] = defaultdict(list)
    for move in moves:
        groups[move.to, move.reason].append(TaskKey(move.task_id, move.path))
    return groups


def past_of(session: Session, run: RunRow, graph: TaskGraph, task_ids: Collection[str]) -> States | None:
    """Return the states of the run before this one, where one of these tasks depends on them."""
    tasks = [graph.tasks[each] for each in task_ids if each in graph.tasks]
    dependent = {task.task_id for task in tasks if task.depends_on_past or task.wait_for_downstream}
    if not dependent:
        return None
    before = previous_run(session, run)
    if before is None:
        return None
    if not keep_run(session, before.id):
        # Whoever changes it may have looked for later runs before this one was there: once more, when that is done.
        judge_anew(session, run.id)
        flag_runs(session, [run.id])
    names = dependent.union(*(graph.downstream(task_id) for task_id in dependent))
    return states_of(tasks_named(session, before.id, names))
