"""Plan runs with mapped tasks: expand what can be, then judge the instances that a change concerns, wave by wave.

What is read grows with what changed: the instances that follow, and counts of what they wait for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from scheduler.core.expansion import MOST_ITEMS
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.instances import Scope, followers, is_unmoved_by_success, judge_instance, waits_for
from scheduler.core.plan import Move
from scheduler.core.states import FINISHED, TaskState
from scheduler.loop.expanding import concerned, expand_tasks
from scheduler.loop.moves import past_of, write_moves
from scheduler.store.engine import Session
from scheduler.store.instances import count_within, unfinished_among, waiting_within
from scheduler.store.runs import RunRow, flag_runs
from scheduler.store.tasks import TaskRow, mark_instances


@dataclass(slots=True)
class Drawn:
    """What came of the consequences that were drawn."""

    has_scheduled: bool = False
    finished: set[str] = field(default_factory=set)
    #: What could have no instances because of what it is mapped over.
    broken: dict[TaskKey, TaskState] = field(default_factory=dict)


def draw_mapped(
    session: Session,
    now: datetime,
    run: RunRow,
    graph: TaskGraph,
    changed: Mapping[TaskKey, TaskState],
    most_items: int | None,
) -> Drawn:
    """Write what follows from the changed instances, chains of skips included. The row of the run must be locked.

    Without `most_items`, what may ask for instances is left to the leader, marked as changed.
    """
    drawn = Drawn()
    wave = dict(changed)
    while wave:
        if most_items is None and concerned(graph, wave):
            mark_instances(session, run.id, wave.keys())
            flag_runs(session, [run.id])
            break
        grown = expand_tasks(session, now, run, graph, wave, most_items or MOST_ITEMS)
        ended = {key for key, state in wave.items() if state in FINISHED}
        begun = {key for key, state in wave.items() if state is TaskState.NONE}
        waiting = waiting_within(
            session, run.id, followers(graph, ended) | begun | grown.scopes, graph.dimensions.depth
        )
        if set(wave.values()) == {TaskState.SUCCESS} and not grown.scopes:
            waiting = _moved_by_success(session, run, graph, waiting)
        moves = _judge(session, run, graph, waiting)
        write_moves(session, now, waiting, moves)
        drawn.has_scheduled |= any(move.to is TaskState.SCHEDULED for move in moves)
        wave = {
            TaskKey(move.task_id, move.path): move.to for move in moves if move.to in FINISHED
        } | grown.ended
        drawn.broken |= {key: to for key, to in grown.ended.items() if to is TaskState.FAILED}
        drawn.finished |= {key.task_id for key in wave}
    return drawn


def _moved_by_success(
    session: Session, run: RunRow, graph: TaskGraph, waiting: list[TaskRow]
) -> list[TaskRow]:
    """Leave out who waits for all of a task of which some are unfinished: their thousands need not be counted."""
    above = {scope.task_id for row in waiting for scope in waits_for(graph, row.key) if not scope.path}
    unfinished = unfinished_among(session, run.id, above) if above else set()
    return [row for row in waiting if not is_unmoved_by_success(graph, row.key, unfinished)]


def _judge(session: Session, run: RunRow, graph: TaskGraph, waiting: list[TaskRow]) -> list[Move]:
    known = [row.key for row in waiting if row.task_id in graph.tasks]
    if not known:
        return []
    scopes: set[Scope] = {scope for key in known for scope in waits_for(graph, key)}
    counts = count_within(session, run.id, scopes, graph.dimensions.depth, graph.loops)
    past = past_of(session, run, graph, {key.task_id for key in known})
    decided = [judge_instance(graph, key, counts, past=past) for key in known]
    return [each for each in decided if isinstance(each, Move)]
