"""Setups and teardowns, and the tasks between them: `with make_cluster() >> delete_cluster(): ...`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from scheduler.errors import BadDag
from scheduler.sdk.edges import Linkable, connect
from scheduler.sdk.location import author_line
from scheduler.sdk.rules import TriggerRule

if TYPE_CHECKING:
    from scheduler.sdk.operator import BaseOperator


@dataclass(slots=True)
class Frame:
    """What stands between setups and their teardowns: the tasks declared inside of a `with`."""

    task: BaseOperator
    tasks: dict[str, BaseOperator] = field(default_factory=dict)

    def add_task(self, *tasks: Any) -> None:
        """Take in tasks that were declared outside."""
        for each in tasks:
            operator = each.node()
            self.tasks[operator.task_id] = operator

    def draw(self) -> None:
        """Let the first tasks inside wait for the setups, and the teardowns for the last ones."""
        inside = self.tasks.keys()
        first = [each for each in self.tasks.values() if inside.isdisjoint(each.upstream_task_ids)]
        last = [each for each in self.tasks.values() if inside.isdisjoint(each.downstream_task_ids)]
        task = self.task
        setups = [task] if task.is_setup else _named(task, task.upstream_task_ids, "is_setup")
        teardowns = [task] if task.is_teardown else _named(task, task.downstream_task_ids, "is_teardown")
        for befores, afters in ((setups, first), (last, teardowns)):
            if befores and afters:
                connect(befores, afters)


_open: Final[ContextVar[tuple[Frame, ...]]] = ContextVar("dirigent_open_frames", default=())


def enter(task: BaseOperator) -> Frame:
    """Open a `with` on a setup or teardown."""
    if not (task.is_setup or task.is_teardown):
        raise BadDag(
            f"{author_line()}: `with {task.task_id}` is for setups and teardowns; call as_setup() or "
            "as_teardown() on it first."
        )
    frame = Frame(task)
    _open.set((*_open.get(), frame))
    return frame


def leave(*, is_whole: bool) -> None:
    """Close the innermost `with`; draw its arrows unless an error broke it off."""
    *around, frame = _open.get()
    _open.set(tuple(around))
    if is_whole:
        frame.draw()


def note_task(task: BaseOperator) -> None:
    """Take a new task into every `with` that is open."""
    for frame in _open.get():
        frame.add_task(task)


def make_setup(task: BaseOperator) -> None:
    """Make a task a setup."""
    _check_free(task, task.is_teardown)
    task.is_setup = True


def make_teardown(task: BaseOperator, setups: Any, *, fails_run: bool) -> None:
    """Make a task the teardown of these setups, one or several."""
    _check_free(task, task.is_setup)
    task.is_teardown = True
    task.on_failure_fail_dagrun = fails_run
    task.trigger_rule = TriggerRule.ALL_DONE_SETUP_SUCCESS
    for each in _each(setups):
        make_setup(each.node())
        connect(each, task)


def _check_free(task: BaseOperator, is_taken: bool) -> None:
    if is_taken:
        raise BadDag(f"{author_line()}: {task.task_id} cannot be both a setup and a teardown.")


def _each(setups: Any) -> Iterable[Any]:
    given = [] if setups is None else [setups] if isinstance(setups, Linkable) else list(setups)
    for each in given:
        if not isinstance(each, Linkable) or not hasattr(each.node(), "is_setup"):
            raise BadDag(f"{author_line()}: setups={each!r}: give a task, or a list of tasks.")
        yield each


def _named(task: BaseOperator, task_ids: Collection[str], role: str) -> list[BaseOperator]:
    known = task.dag.task_dict if task.dag else {}
    return [known[each] for each in sorted(task_ids) if getattr(known[each], role)]
