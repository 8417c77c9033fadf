"""Plan runs: read what changed, ask the pure planner, write its moves in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.plan import FinishRun, Move, Plan, finish, needed, plan
from scheduler.core.release import released
from scheduler.core.states import FINISHED, OCCUPYING, RunState, TaskState
from scheduler.failpoints import Edge
from scheduler.loop.effects import Effects
from scheduler.loop.mapped import draw_mapped
from scheduler.loop.moves import past_of, write_moves
from scheduler.loop.one_by_one import OF_RUN, Way, at_once
from scheduler.metrics import instruments as meter
from scheduler.operations.callbacks import call_back
from scheduler.operations.questions import time_out_questions
from scheduler.operations.reopening import wake_later_run, wake_later_run_of_other_code
from scheduler.store.attempts import cancel_attempts, lock_live_attempts
from scheduler.store.engine import Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.runs import (
    RunRow,
    move_runs,
    set_wake,
    take_runs_to_plan,
)
from scheduler.store.tasks import (
    TaskRow,
    due_tasks,
    failed_tasks,
    has_unfinished,
    move_named_tasks,
    move_tasks,
    next_retry,
    some_unfinished,
    states_of,
    take_changed,
    tasks_named,
)
from scheduler.store.transaction import after_commit, at_edge

#: So many unfinished tasks are looked at before all the tasks that a join waits for are read.
GLANCE = 32
#: States of tasks that have an attempt, or are given one at any moment.
_ADMITTED = OCCUPYING | {TaskState.SCHEDULED}


@dataclass(frozen=True, slots=True)
class PlanRuns:
    """Plans flagged runs, at most `limit` in one transaction."""

    graphs: GraphCache
    effects: Effects
    way: Way = at_once

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Plan the flagged runs; return how many there were."""
        runs = take_runs_to_plan(session, limit)
        self.way(session, now, runs, partial(self._plan_all, session, now), OF_RUN)
        return len(runs)

    def _plan_all(self, session: Session, now: datetime, runs: Sequence[RunRow]) -> None:
        for run in runs:
            graph = self.graphs.get(session, run.version_id)
            plan_run(session, now, run, graph, take_changed(session, run.id), self.effects)


def plan_run(
    session: Session,
    now: datetime,
    run: RunRow,
    graph: TaskGraph,
    changed: Sequence[TaskRow],
    effects: Effects,
) -> None:
    """Draw all consequences of what changed in one run, its end included. Its row must be locked."""
    if advance_run(session, now, run, graph, changed, effects.most_items):
        _finish(session, now, run, graph, effects)


def advance_run(
    session: Session,
    now: datetime,
    run: RunRow,
    graph: TaskGraph,
    changed: Sequence[TaskRow],
    most_items: int | None,
) -> bool:
    """Move the tasks that follow from what changed in one run; tell whether all its tasks are final now.

    The row of the run must be locked. `most_items`: of a result that is mapped over; who does not know leaves to the
    leader what may ask for instances.
    """
    due = due_tasks(session, run.id, now) if run.wake_at and run.wake_at <= now else []
    asking = [row for row in due if row.state is TaskState.AWAITING_INPUT]
    time_out_questions(session, now, asking)
    again = [row.id for row in due if row not in asking]
    move_tasks(session, now, again, TaskState.SCHEDULED, values={"scheduled_at": now})
    scheduled = _draw_consequences(session, now, run, graph, changed, most_items)
    at_edge(session, Edge.PLANNED)
    # What was due may have been skipped at once, where the DAG is fail_fast.
    may_have_ended = not scheduled and (not due or graph.spec.fail_fast)
    if may_have_ended and not has_unfinished(session, run.id):
        return True
    if run.wake_at:
        set_wake(session, run.id, next_retry(session, run.id))
    return False


def _draw_consequences(
    session: Session,
    now: datetime,
    run: RunRow,
    graph: TaskGraph,
    changed: Sequence[TaskRow],
    most_items: int | None,
) -> bool:
    """Write what follows from the changed tasks; true when that lets a task run."""
    known = {row.key: row.state for row in changed if row.task_id in graph.tasks}
    finished = {key.task_id for key, state in known.items() if state in FINISHED}
    if graph.is_mapped and not (graph.spec.fail_fast and TaskState.FAILED in known.values()):
        drawn = draw_mapped(session, now, run, graph, known, most_items)
        finished |= drawn.finished
        if not (graph.spec.fail_fast and drawn.broken):
            wake_later_run(session, run, graph, finished)
            return drawn.has_scheduled
        known = drawn.broken
    if all(_is_last(graph, key, state) for key, state in known.items()):
        wake_later_run(session, run, graph, finished)
        return False
    if (names := released(graph, known)) is not None:
        wake_later_run(session, run, graph, finished)
        return bool(_release(session, now, run, names))
    unfinished = some_unfinished(session, run.id, GLANCE) if _is_wide(graph, known) else ()
    names = needed(graph, known, unfinished=unfinished)
    rows, decided = _decide(session, run, graph, known, names)
    if decided.unread and any(move.to in FINISHED for move in decided.moves):
        # A success made a task skip: what follows that one was not read, as a success alone would not reach it.
        rows, decided = _decide(session, run, graph, known, names | _onward(graph, decided.unread))
    _stop_live(session, now, run, rows, decided.moves)
    write_moves(session, now, rows, decided.moves)
    finished |= {move.task_id for move in decided.moves if move.to in FINISHED}
    wake_later_run(session, run, graph, finished)
    return any(move.to is TaskState.SCHEDULED for move in decided.moves)


def _release(session: Session, now: datetime, run: RunRow, names: frozenset[str]) -> list[TaskRow]:
    """Let tasks run that have not begun: the guard of the mover knows, so they are not read."""
    values = {"scheduled_at": now, "reason": "", "changed": False}
    return move_named_tasks(
        session, now, run.id, names, TaskState.SCHEDULED, leaving=TaskState.NONE, values=values
    )


def _is_last(graph: TaskGraph, key: TaskKey, state: TaskState) -> bool:
    """Tell whether nothing can follow: the task is final, and no other waits for it."""
    is_stopper = graph.spec.fail_fast and state is not TaskState.SUCCESS
    return state in FINISHED and not is_stopper and not graph.wakes(key.task_id)


def _decide(
    session: Session, run: RunRow, graph: TaskGraph, known: Mapping[TaskKey, TaskState], names: frozenset[str]
) -> tuple[list[TaskRow], Plan]:
    rows = tasks_named(session, run.id, names)
    return rows, plan(
        graph, list(known), states_of(rows), past=past_of(session, run, graph, {row.task_id for row in rows})
    )


def _onward(graph: TaskGraph, task_ids: frozenset[str]) -> frozenset[str]:
    """Return these tasks, all that follow them, and what each of those waits for."""
    after = task_ids | graph.descendants(task_ids)
    return after.union(*map(graph.waits, after))


def _is_wide(graph: TaskGraph, known: Iterable[TaskKey]) -> bool:
    """Tell whether something after the changed tasks waits for many: then a glance at what is unfinished pays."""
    after = {each for key in known for each in graph.wakes(key.task_id)}
    return any(len(graph.waits(each)) > GLANCE for each in after)


def _stop_live(
    session: Session, now: datetime, run: RunRow, rows: Iterable[TaskRow], moves: Iterable[Move]
) -> None:
    """Cancel the attempts of tasks that are to end though they are queued or run: a fail_fast DAG's.

    What was read as scheduled may be queued by now.
    """
    reasons = {TaskKey(move.task_id, move.path): move.reason for move in moves}
    cut_short = {row.id: reasons[row.key] for row in rows if row.state in _ADMITTED and row.key in reasons}
    if cut_short:
        live = lock_live_attempts(session, run.id, cut_short)
        cancel_attempts(session, now, live, next(iter(cut_short.values())), actor="scheduler")


def _finish(session: Session, now: datetime, run: RunRow, graph: TaskGraph, effects: Effects) -> None:
    leaves = states_of(tasks_named(session, run.id, graph.leaves))
    failed = set(failed_tasks(session, run.id)).intersection(graph.tasks)
    end_run(session, now, run, graph, finish(graph, leaves, failed=failed), effects)


def end_run(
    session: Session, now: datetime, run: RunRow, graph: TaskGraph, ending: FinishRun, effects: Effects
) -> None:
    """Finish a run: its state, its callback, and the alerts that follow, in one transaction."""
    if not move_runs(session, now, [run.id], ending.state, leaving=[RunState.RUNNING], reason=ending.reason):
        return
    if run.start_date is not None:
        took_s = (now - run.start_date).total_seconds()
        after_commit(session, lambda: meter.RUN_DURATION.labels(ending.state).observe(max(0.0, took_s)))
    wake_later_run_of_other_code(session, run)
    effects.ring(*call_back(session, now, run, graph.spec, ending.state, ending.reason))
    effects.tell_of_end(session, now, run, graph.spec, ending)
