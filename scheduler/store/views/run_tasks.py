"""The tasks of a run in numbers: a page of a run with 10,000 instances reads the few that it shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from scheduler.core.dimensions import in_order
from scheduler.core.ids import TaskKey
from scheduler.store.absent import no_task
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.lists import is_in
from scheduler.store.tables import task_instance
from scheduler.store.views.grid import LOUDEST
from scheduler.store.views.runs import Task

_TI = task_instance.c
_TASK = tuple(_TI[name] for name in Task.__slots__)


@dataclass(frozen=True, slots=True)
class Instances:
    """A task of a run: one instance, or of many the loudest, and how many are in which state."""

    task: Task
    counts: tuple[tuple[str, int], ...] = ()  #: by state, loudest first; none of a single instance

    @property
    def total(self) -> int:
        """How many instances there are."""
        return sum(number for _, number in self.counts)


def count_states(session: Session, run_pk: int) -> dict[str, int]:
    """Return how many task instances of a run are in which state."""
    found = session.execute(select(_TI.state, func.count()).where(_TI.run_pk == run_pk).group_by(_TI.state))
    return {state: int(count) for state, count in found}


def list_in_state(session: Session, run_pk: int, state: str, limit: int) -> list[Task]:
    """Return instances of a run that are in a state, by task and path."""
    found = select(*_TASK).where(_TI.run_pk == run_pk, is_in(_TI.state, [state]))
    return [Task(*row) for row in session.execute(found.order_by(_TI.task_id, _TI.path).limit(limit))]


def list_named(session: Session, run_pk: int, keys: Collection[str | TaskKey]) -> list[Task]:
    """Return instances of a run by task and path; a name without a path means all instances of the task.

    Raises NotFound for one that the run does not have.
    """
    names = {each if isinstance(each, str) else each.task_id for each in keys}
    found: list[Task] = []
    for batch in in_batches(sorted(names), 500):
        rows = session.execute(select(*_TASK).where(_TI.run_pk == run_pk, _TI.task_id.in_(batch)))
        found += [Task(*row) for row in rows]
    there = {task.task_id for task in found} | {TaskKey(task.task_id, task.path) for task in found}
    for each in keys:
        if each not in there:
            raise no_task(session, run_pk, *(each if isinstance(each, TaskKey) else (each, "")))
    chosen = [task for task in found if task.task_id in keys or TaskKey(task.task_id, task.path) in keys]
    return sorted(chosen, key=lambda task: (task.task_id, in_order(task.path)))


def list_by_task(session: Session, run_pk: int) -> list[Instances]:
    """Return each task of a run once, by name."""
    groups = select(_TI.task_id, _TI.state, func.count(), func.min(_TI.id), func.max(_TI.path))
    found = session.execute(groups.where(_TI.run_pk == run_pk).group_by(_TI.task_id, _TI.state))
    by_task: dict[str, list[tuple[str, int, int, str]]] = {}
    for task_id, state, count, first, path in sorted(tuple(row) for row in found):
        by_task.setdefault(task_id, []).append((state, int(count), first, path))
    loudest = [min(each, key=lambda group: LOUDEST.index(group[0]))[2] for each in by_task.values()]
    tasks = {task.task_id: task for task in _by_ids(session, loudest)}
    return [Instances(tasks[task_id], _counts(each)) for task_id, each in by_task.items() if task_id in tasks]


def _counts(groups: Sequence[tuple[str, int, int, str]]) -> tuple[tuple[str, int], ...]:
    if len(groups) == 1 and groups[0][1] == 1 and not groups[0][3]:
        return ()
    counts = [(state, count) for state, count, _, _ in groups]
    return tuple(sorted(counts, key=lambda each: LOUDEST.index(each[0])))


def list_instances(
    session: Session, run_pk: int, task_id: str, *, state: str = "", limit: int, offset: int = 0
) -> list[Task]:
    """Return a page of the instances of one task, in the order of their indices."""
    which = select(_TI.path, _TI.id).where(_TI.run_pk == run_pk, _TI.task_id == task_id)
    if state:
        which = which.where(_TI.state == state)
    paths = sorted(((in_order(path), pk) for path, pk in session.execute(which)))[offset : offset + limit]
    return sorted(_by_ids(session, [pk for _, pk in paths]), key=lambda task: in_order(task.path))


def _by_ids(session: Session, ids: Sequence[int]) -> list[Task]:
    found: list[Task] = []
    for start in range(0, len(ids), 500):
        rows = session.execute(select(*_TASK).where(_TI.id.in_(ids[start : start + 500])))
        found += [Task(*row) for row in rows]
    return found
