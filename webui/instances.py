"""Instances of a mapped task in the order of their indices."""

from __future__ import annotations

from collections.abc import Iterable

from scheduler.core.dimensions import in_order
from scheduler.store.views.runs import Task


def instances_of(tasks: Iterable[Task], task_id: str) -> list[Task]:
    """Return the instances of one task in the order of their indices."""
    return sorted((task for task in tasks if task.task_id == task_id), key=lambda task: in_order(task.path))
