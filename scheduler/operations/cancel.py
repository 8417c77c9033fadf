"""Stop a run."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from scheduler.core.graph import TaskGraph
from scheduler.core.states import FINISHED, RUN_FINISHED, RunState, TaskState
from scheduler.errors import Conflict, NewerForm, UnreadableGraph
from scheduler.operations.callbacks import call_back
from scheduler.operations.finding import lock_run
from scheduler.operations.reopening import wake_later_run, wake_later_run_of_other_code
from scheduler.store.attempts import cancel_attempts, lock_live_attempts
from scheduler.store.engine import Session
from scheduler.store.runs import RunRow, move_runs
from scheduler.store.tasks import move_tasks, tasks_of_run
from scheduler.store.versions import load_graph
from scheduler.wire import DagSpec


def cancel_run(session: Session, now: datetime, dag_id: str, run_id: str, *, actor: str) -> int:
    """End a run as failed: what runs is stopped and fails, what has not started is skipped.

    Return how many tasks that were. Workers hear of it with their next renewal. The DAG's callbacks are called.
    Raises NotFound, and Conflict where the run has ended already.
    """
    run = lock_run(session, dag_id, run_id)
    if run.state in RUN_FINISHED:
        raise Conflict(f"Run {run_id!r} cannot be cancelled: it has ended as {run.state}.")
    reason = f"cancelled by {actor}"
    graph = _graph_of(session, run)
    count = stop_unfinished(session, now, run, graph, TaskState.SKIPPED, reason, actor=actor)
    move_runs(session, now, [run.id], RunState.FAILED, reason=reason, actor=actor)
    call_back(session, now, run, graph.spec, RunState.FAILED, reason)
    return count


def _graph_of(session: Session, run: RunRow) -> TaskGraph:
    """Return the graph of a run; one without tasks where it cannot be read: a run must be ended all the same."""
    try:
        return TaskGraph(load_graph(session, run.version_id))
    except (NewerForm, UnreadableGraph):
        return TaskGraph(DagSpec(dag_id=run.dag_id, file=""))


def stop_unfinished(
    session: Session, now: datetime, run: RunRow, graph: TaskGraph, to: TaskState, reason: str, *, actor: str
) -> int:
    """Cancel the live attempts of a locked run, fail what runs and move the rest to `to`; return how many.

    The planner is not asked about this run, which is about to end; a later one may have waited for it.
    """
    cancel_attempts(session, now, lock_live_attempts(session, run.id), reason, actor=actor)
    everything = tasks_of_run(session, run.id)
    rows = [row for row in everything if row.state not in FINISHED]
    by_end: defaultdict[TaskState, list[int]] = defaultdict(list)
    for row in rows:
        by_end[state_once_stopped(row.state, to)].append(row.id)
    values = {"end_date": now, "reason": reason, "changed": False, "retry_at": None}
    for state, ids in by_end.items():
        move_tasks(session, now, ids, state, values=values, actor=actor, reasons=dict.fromkeys(ids, reason))
    # What had ended by itself may have been about to be planned, which it never will be now.
    wake_later_run(session, run, graph, {row.task_id for row in everything}.intersection(graph.tasks))
    wake_later_run_of_other_code(session, run)
    return len(rows)


def state_once_stopped(state: TaskState, to: TaskState = TaskState.SKIPPED) -> TaskState:
    """Return the state that stopping gives to an unfinished task: `to`, but what runs fails rather than skips."""
    is_cut_short = state is TaskState.RUNNING and to is not TaskState.SUCCESS
    return TaskState.FAILED if is_cut_short else to
