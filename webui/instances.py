"""Task instances as rows of a list: a mapped task is one row, with how many of its instances are in which state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from scheduler.core.dimensions import in_order
from scheduler.store.views.grid import LOUDEST
from scheduler.store.views.runs import Task


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a task instance, or all those of a mapped task, of which it shows the loudest."""

    task: Task
    counts: tuple[tuple[str, int], ...] = ()  #: by state, loudest first; none of a single instance

    @property
    def total(self) -> int:
        """How many instances there are."""
        return sum(number for _, number in self.counts)


def rows_of(tasks: Iterable[Task]) -> list[Row]:
    """Return a row for each task; instances of one task must follow each other."""
    return [_row(list(instances)) for _, instances in groupby(tasks, key=lambda task: task.task_id)]


def _row(instances: list[Task]) -> Row:
    first = min(instances, key=lambda task: (LOUDEST.index(task.state), in_order(task.path)))
    if len(instances) == 1 and not first.path:
        return Row(first)
    counts = Counter(task.state for task in instances)
    return Row(first, tuple(sorted(counts.items(), key=lambda each: LOUDEST.index(each[0]))))


def instances_of(tasks: Iterable[Task], task_id: str) -> list[Task]:
    """Return the instances of one task in the order of their indices."""
    return sorted((task for task in tasks if task.task_id == task_id), key=lambda task: in_order(task.path))
