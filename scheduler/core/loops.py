"""Looped tasks: one instance after the other, the newest of which stands for them all.

The last index of a path counts the iterations. Who ends an iteration says whether another follows; that one is made in
the same transaction, so at each moment the newest tells how the loop stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from scheduler.core.dimensions import child, depth_of
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.states import TaskState

_T = TypeVar("_T")


def standing(graph: TaskGraph, task_id: str, paths: Mapping[str, TaskState]) -> Mapping[str, TaskState]:
    """Return the instances that say how a task stands: all, or of each of its loops the newest iteration."""
    if task_id not in graph.loops:
        return paths
    depth = graph.dimensions.depth(task_id)
    there = {path: state for path, state in paths.items() if state is not TaskState.REMOVED}
    return {path: there[path] for path in newest(there, depth)}


def newest(paths: Iterable[str], depth: int) -> list[str]:
    """Return of each loop the newest iteration; `depth` is how many indices the path of an iteration has.

    A path with fewer indices is no iteration, and stays.
    """
    found: dict[str, str] = {}
    for path in paths:
        loop, index = (path, 0) if depth_of(path) < depth else _split(path)
        if loop not in found or depth_of(found[loop]) < depth or index > _split(found[loop])[1]:
            found[loop] = path
    return list(found.values())


def _split(path: str) -> tuple[str, int]:
    loop, _, index = path.rpartition(".")
    return loop, int(index)


def after(path: str) -> str:
    """Return the path of the iteration that follows one."""
    loop, index = _split(path)
    return child(loop, index + 1)


def may_follow(graph: TaskGraph, key: TaskKey) -> bool:
    """Tell whether another iteration may come after one: an attempt can say that it is to, of any task."""
    loop = graph.tasks[key.task_id].loop
    if loop is None or graph.dimensions.is_stem(key):
        return False
    return _split(key.path)[1] + 1 < loop.max_iterations


def iterations_after(path: str, others: Iterable[str]) -> list[str]:
    """Return which of the other paths are later iterations of the same loop."""
    loop, index = _split(path)
    return [each for each in others if each and _split(each)[0] == loop and _split(each)[1] > index]


def has_begun(graph: TaskGraph, key: TaskKey) -> bool:
    """Tell whether an instance is one after the first of a loop: what that waited for, it need not wait for."""
    is_iteration = key.task_id in graph.loops and not graph.dimensions.is_stem(key)
    return is_iteration and _split(key.path)[1] > 0
