"""Looped tasks: one instance after the other, the newest of which stands for them all.

The last index of a path counts the iterations. Who ends an iteration says whether another follows; that one is made in
the same transaction, so at each moment the newest tells how the loop stands.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from itertools import islice
from typing import Final

from scheduler.core.dimensions import child, depth_of, upper
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.states import TaskState

_GONE: Final = TaskState.REMOVED


def standing(graph: TaskGraph, task_id: str, paths: Mapping[str, TaskState]) -> Mapping[str, TaskState]:
    """Return the instances that say how a task stands: all, or of each of its loops the newest iteration."""
    return _newest(paths, graph.dimensions.depth(task_id)) if task_id in graph.loops else paths


def _newest(paths: Mapping[str, TaskState], depth: int) -> dict[str, TaskState]:
    there = {path: state for path, state in paths.items() if state is not _GONE}
    return {path: there[path] for path in newest(there, depth)}


def standing_in(
    scope: TaskKey,
    found: Mapping[str, TaskState],
    stems: Mapping[TaskKey, TaskState],
    depth: int,
    loops: Container[str],
) -> Mapping[str, TaskState]:
    """Return the instances that say how a task stands in a scope: those `found` there, of its loops the newest ones.

    Where none is there, the nearest of the rows above does, `stems`: what ended before it had instances has ended for
    each that it would have had.
    """
    if scope.task_id in loops:
        found = _newest(found, depth)
    if found:
        return found
    above = (upper(scope.path, places) for places in reversed(range(depth_of(scope.path))))
    near = (path for path in above if stems.get(TaskKey(scope.task_id, path), _GONE) is not _GONE)
    return {path: stems[TaskKey(scope.task_id, path)] for path in islice(near, 1)}


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
