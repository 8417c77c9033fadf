"""The plain case of planning: what a success lets run by itself, found without reading any other task."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.plan import plan
from scheduler.core.states import TaskState

#: What only lets tasks run, and makes none skip or fail.
_BEGINNINGS: Final = frozenset({TaskState.NONE, TaskState.SUCCESS})


def released(graph: TaskGraph, changed: Mapping[TaskKey, TaskState]) -> frozenset[str] | None:
    """Return the tasks that these changes alone let run, unless they have begun already; None where more is to be read.

    So in a chain and where tasks branch out: nothing that could run waits for anything but what has changed, well.
    """
    if not _BEGINNINGS.issuperset(changed.values()) or any(key.path for key in changed):
        return None
    known = {key.task_id: {"": state} for key, state in changed.items()}
    follows = {each for each, paths in known.items() if TaskState.NONE in paths.values()}
    follows = follows.union(*map(graph.wakes, known))
    if not all(_stands_alone(graph, each, known.keys()) for each in follows):
        return None
    decided = plan(graph, list(changed), {each: {"": TaskState.NONE} for each in follows} | known)
    is_plain = not decided.held and all(move.to is TaskState.SCHEDULED for move in decided.moves)
    return frozenset(move.task_id for move in decided.moves) if is_plain else None


def _stands_alone(graph: TaskGraph, task_id: str, known: Set[str]) -> bool:
    """Tell whether all that a task waits for is known, and none of it in the run before."""
    task = graph.tasks[task_id]
    return not (task.depends_on_past or task.wait_for_downstream) and graph.waits(task_id) <= known
