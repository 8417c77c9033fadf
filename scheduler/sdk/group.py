"""Task groups: boxes around tasks that lend them an id prefix and default arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from scheduler.errors import BadDag
from scheduler.sdk import dialect, scope
from scheduler.sdk.arguments import refuse_unknown
from scheduler.sdk.edges import Node
from scheduler.sdk.ids import check_id
from scheduler.sdk.location import author_line

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.operator import BaseOperator

_P = ParamSpec("_P")
_R = TypeVar("_R")
_KNOWN = frozenset(
    {"group_id", "prefix_group_id", "parent_group", "dag", "default_args", "tooltip", "group_display_name"}
    | {"add_suffix_on_collision"}
)


class TaskGroup(Node):
    """A box of tasks and groups. Their ids are prefixed with its own unless `prefix_group_id` is false.

    An arrow to the group leads to its first tasks, an arrow from it begins at its last ones.
    """

    def __init__(
        self,
        group_id: str,
        *,
        prefix_group_id: bool = True,
        parent_group: TaskGroup | None = None,
        dag: DAG | None = None,
        default_args: Mapping[str, Any] | None = None,
        tooltip: str = "",
        group_display_name: str = "",
        add_suffix_on_collision: bool = False,
        **unknown: Any,
    ) -> None:
        spoken = dialect.current()
        refuse_unknown("TaskGroup", spoken.group_arguments(unknown) if spoken else unknown, _KNOWN)
        parent = parent_group or (dag.task_group if dag else scope.open_group())
        if parent is None:
            raise BadDag(
                f"{author_line()}: task group {group_id!r} belongs to no DAG; declare it inside one."
            )
        self.dag = parent.owner_dag
        self.parent: TaskGroup | None = parent
        self.prefix_group_id = prefix_group_id
        self.default_args: dict[str, Any] = {**parent.default_args, **(default_args or {})}
        self.tooltip = tooltip
        self.group_display_name = group_display_name
        self.children: list[Node] = []
        self.label, self.group_id = _name(parent, check_id("group_id", group_id), add_suffix_on_collision)
        self.dag.add_group(self)

    @property
    def node_id(self) -> str:
        """Full id."""
        return self.group_id

    @property
    def owner_dag(self) -> DAG:
        """The DAG; a group always has one."""
        assert self.dag is not None
        return self.dag

    @property
    def ancestors(self) -> tuple[TaskGroup, ...]:
        """The groups around this one, outermost (the DAG's own) first."""
        return (*self.parent.ancestors, self.parent) if self.parent else ()

    def child_id(self, label: str) -> str:
        """Return the full id of a child with this short one."""
        return (
            f"{self.group_id}.{label}"
            if self.prefix_group_id and self.group_id
            else self.inherited_prefix(label)
        )

    def inherited_prefix(self, label: str) -> str:
        """Return the id as the group around this one would make it."""
        return self.parent.child_id(label) if self.parent else label

    def tasks(self) -> Iterator[BaseOperator]:
        """Walk all tasks inside, those of inner groups too."""
        for child in self.children:
            if isinstance(child, TaskGroup):
                yield from child.tasks()
            else:
                yield child  # type: ignore[misc]  # a child is a group or a task

    def __enter__(self) -> TaskGroup:
        scope.enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        scope.leave()

    def __repr__(self) -> str:
        return f"<TaskGroup {self.group_id}>"


class RootGroup(TaskGroup):
    """The DAG itself, seen as the outermost group."""

    def __init__(self, dag: DAG, default_args: Mapping[str, Any]) -> None:
        self.dag = dag
        self.parent = None
        self.prefix_group_id = False
        self.default_args = dict(default_args)
        self.tooltip = self.group_display_name = self.label = self.group_id = ""
        self.children = []


def _name(parent: TaskGroup, group_id: str, add_suffix: bool) -> tuple[str, str]:
    """Return the short and the full id, made unique by a suffix where that was asked for."""
    taken = parent.owner_dag.groups
    label, number = group_id, 0
    while add_suffix and parent.child_id(label) in taken:
        number += 1
        label = f"{group_id}__{number}"
    return label, check_id("group_id", parent.child_id(label))


@overload
def task_group(function: Callable[_P, _R], /) -> Callable[_P, _R]: ...


@overload
def task_group(
    *,
    group_id: str | None = None,
    prefix_group_id: bool = True,
    default_args: Mapping[str, Any] | None = None,
    tooltip: str = "",
    group_display_name: str = "",
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]: ...


def task_group(function: Callable[..., Any] | None = None, /, **arguments: Any) -> Any:
    """Make a function that declares tasks into a task group; each call makes one more group.

    The call returns what the function returns, or the group where that is None.
    """
    if function is not None:
        return _grouping(function, arguments)
    return lambda decorated: _grouping(decorated, arguments)


def _grouping(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Callable[..., Any]:
    settings = {"tooltip": (function.__doc__ or "").strip(), **arguments}
    group_id = settings.pop("group_id", None) or function.__name__

    @wraps(function)
    def declare(*args: Any, **kwargs: Any) -> Any:
        with TaskGroup(group_id, add_suffix_on_collision=True, **settings) as group:
            returned = function(*args, **kwargs)
        return group if returned is None else returned

    return declare
