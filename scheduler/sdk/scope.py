"""What is being declared right now: the open task group, and the DAGs of the file being loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.group import TaskGroup

_groups: Final[ContextVar[tuple[TaskGroup, ...]]] = ContextVar("dirigent_open_groups", default=())
_declared: Final[ContextVar[list[DAG] | None]] = ContextVar("dirigent_declared_dags", default=None)


def open_group() -> TaskGroup | None:
    """Return the innermost open task group; a DAG's own root group counts."""
    groups = _groups.get()
    return groups[-1] if groups else None


def enter(group: TaskGroup) -> None:
    """Open a group: what is declared from now on joins it."""
    _groups.set((*_groups.get(), group))


def leave() -> None:
    """Close the innermost open group."""
    _groups.set(_groups.get()[:-1])


@contextmanager
def collecting() -> Iterator[list[DAG]]:
    """Collect every DAG that is declared inside; nothing that was open outside stays open."""
    declared: list[DAG] = []
    kept_groups, kept_declared = _groups.set(()), _declared.set(declared)
    try:
        yield declared
    finally:
        _groups.reset(kept_groups)
        _declared.reset(kept_declared)


def is_collecting() -> bool:
    """Whether a DAG file is being loaded."""
    return _declared.get() is not None


def declare(dag: DAG) -> None:
    """Tell whoever loads this file of a new DAG."""
    declared = _declared.get()
    if declared is not None:
        declared.append(dag)
