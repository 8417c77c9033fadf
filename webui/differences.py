"""What changed between two texts, line by line, and between two versions of a DAG, task by task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import Final

from scheduler.wire import DagSpec, TaskSpec

#: Lines without a change that are shown around each.
_AROUND: Final = 3
#: Texts of more lines are not compared: it would take seconds.
MOST_LINES: Final = 20_000
#: Of a task these say nothing of what it does.
_QUIET: Final = frozenset({"doc_md", "source"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line of both texts, or of one; of neither: some are left out."""

    old: int | None
    new: int | None
    text: str
    other: str = ""

    @property
    def kind(self) -> str:
        """What became of it."""
        if self.old is None:
            return "gap" if self.new is None else "added"
        return "removed" if self.new is None else "changed" if self.other != self.text else "same"


def changed_lines(before: str, after: str) -> list[Line]:
    """Return the changed lines with a few around them; none where both are equal or too long to compare."""
    old, new = before.splitlines(), after.splitlines()
    if before == after or max(len(old), len(new)) > MOST_LINES:
        return []
    found: list[Line] = []
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(_AROUND):
        if found or group[0][1] > 0:
            found.append(Line(None, None, ""))
        for tag, *places in group:
            found += _lines(tag, old, new, *places)
    return found


def _lines(
    tag: str, old: Sequence[str], new: Sequence[str], from_old: int, to_old: int, from_new: int, to_new: int
) -> Iterator[Line]:
    both = min(to_old - from_old, to_new - from_new)
    for place in range(both):
        at, there = from_old + place, from_new + place
        yield Line(at + 1, there + 1, old[at], new[there])
    for at in range(from_old + both, to_old):
        yield Line(at + 1, None, old[at])
    for there in range(from_new + both, to_new):
        yield Line(None, there + 1, new[there])


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A task that one of two versions does not have, or that has other settings in each."""

    task_id: str
    kind: str  #: added | removed | changed
    settings: tuple[tuple[str, object, object], ...] = ()


def changed_tasks(before: DagSpec, after: DagSpec) -> list[TaskChange]:
    """Return what became of the tasks."""
    old = {task.task_id: task for task in before.tasks}
    new = {task.task_id: task for task in after.tasks}
    found = [TaskChange(each, "removed") for each in old if each not in new]
    found += [TaskChange(each, "added") for each in new if each not in old]
    for task_id in old:
        if task_id in new and (settings := _settings(old[task_id], new[task_id])):
            found.append(TaskChange(task_id, "changed", settings))
    return found


def _settings(old: TaskSpec, new: TaskSpec) -> tuple[tuple[str, object, object], ...]:
    names = [each.name for each in fields(TaskSpec) if each.name not in _QUIET]
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in names)
    return tuple((name, one, other) for name, one, other in pairs if one != other)
