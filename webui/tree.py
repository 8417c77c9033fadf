"""The tasks of a DAG as rows: groups before what is in them, upstream before downstream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter

from scheduler.wire import DagSpec, TaskSpec


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a task, or a group with the rows of its tasks below it."""

    id: str
    label: str
    depth: int
    is_group: bool


def rows(spec: DagSpec) -> tuple[Row, ...]:
    """Return the rows of a DAG. A group stands where the first of its tasks does."""
    groups = {group.group_id: group for group in spec.groups}
    below: dict[str | None, list[str]] = {}
    for task in _ordered(spec):
        child: str = task.task_id
        parent = task.group_id
        while parent is not None and child not in below.setdefault(parent, []):
            below[parent].append(child)
            child, parent = parent, groups[parent].parent_id
        if parent is None and child not in below.setdefault(None, []):
            below[None].append(child)
    labels = {group.group_id: group.label or group.group_id for group in spec.groups}
    tasks = {task.task_id: task.label or task.task_id for task in spec.tasks}
    return tuple(_walk(None, 0, below, {**labels, **tasks}, set(labels)))


def _walk(
    parent: str | None,
    depth: int,
    below: dict[str | None, list[str]],
    labels: dict[str, str],
    groups: set[str],
) -> Iterator[Row]:
    for child in below.get(parent, []):
        yield Row(child, labels[child], depth, child in groups)
        if child in groups:
            yield from _walk(child, depth + 1, below, labels, groups)


def _ordered(spec: DagSpec) -> list[TaskSpec]:
    """Return tasks by how many steps they are from the start, in the author's order within a step."""
    step: dict[str, int] = {}
    upstream = {task.task_id: task.upstream for task in spec.tasks}
    for task_id in TopologicalSorter(upstream).static_order():
        step[task_id] = 1 + max((step.get(each, 0) for each in upstream.get(task_id, ())), default=0)
    return sorted(spec.tasks, key=lambda task: step[task.task_id])


def downstream(spec: DagSpec, task_id: str) -> list[str]:
    """Return the tasks that follow directly."""
    return [task.task_id for task in spec.tasks if task_id in task.upstream]
