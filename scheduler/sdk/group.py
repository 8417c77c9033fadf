"""Task groups: boxes around tasks that lend them an id prefix and default arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import update_wrapper
from importlib import import_module
from inspect import Parameter, signature
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, TypeVar, cast, overload

from scheduler.errors import BadDag
from scheduler.sdk import dialect, scope
from scheduler.sdk.arguments import read_default_args, refuse_unknown
from scheduler.sdk.edges import Node
from scheduler.sdk.ids import check_id
from scheduler.sdk.location import author_line

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.expansion import Expansion
    from scheduler.sdk.operator import BaseOperator

_P = ParamSpec("_P")
_R = TypeVar("_R")
#: Loaded where a group is mapped.
_EXPANSION: Final = "scheduler.sdk.expansion"
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
        self.expansion: Expansion | None = None
        self.prefix_group_id = prefix_group_id
        self.default_args: dict[str, Any] = {**parent.default_args, **read_default_args(default_args)}
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
        self.expansion = None
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


class GroupFunction(Generic[_P, _R]):
    """A function that declares tasks in a task group of their own, one more each time it is called.

    The call returns what the function returns, or the group where that is None.
    """

    def __init__(
        self, function: Callable[_P, _R], arguments: Mapping[str, Any], given: Mapping[str, Any] | None = None
    ) -> None:
        update_wrapper(self, function)
        self.function = function
        self._arguments = arguments
        self._given = dict(given or {})

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Declare the group and the tasks in it."""
        return self._declare(None, args, {**self._given, **kwargs})

    def override(self, **arguments: Any) -> GroupFunction[_P, _R]:
        """Return the same function with other arguments of the group, such as `group_id`."""
        return GroupFunction(self.function, {**self._arguments, **arguments}, self._given)

    def partial(self, **given: Any) -> GroupFunction[_P, _R]:
        """Return the same function with some of its arguments; it is to be mapped over others."""
        self._check(given)
        return GroupFunction(self.function, self._arguments, {**self._given, **given})

    def expand(self, **mapped: Any) -> _R:
        """Declare the group once, and have an instance of all its tasks for each item, or combination of items."""
        self._check(mapped)
        expansion = import_module(_EXPANSION).ByArgument(mapped)
        return self._expanded(expansion, list(mapped))

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> _R:
        """Declare the group once, and have an instance of all its tasks for each dict of arguments in a list."""
        expansion = import_module(_EXPANSION).ByItem(kwargs)
        return self._expanded(expansion, [name for name in self._parameters if name not in self._given])

    @property
    def _parameters(self) -> Mapping[str, Parameter]:
        return signature(self.function).parameters

    def _check(self, given: Mapping[str, Any]) -> None:
        known = self._parameters
        if not any(each.kind is each.VAR_KEYWORD for each in known.values()):
            refuse_unknown(
                f"task group {self.function.__name__}()", sorted(set(given) - set(known)), set(known)
            )
        for name in sorted(self._given.keys() & given.keys()):
            raise BadDag(f"{author_line()}: {name!r} is given to both partial() and expand().")

    def _expanded(self, expansion: Expansion, names: Sequence[str]) -> _R:
        make = import_module(_EXPANSION).MappedArgument
        return self._declare(
            expansion,
            (),
            lambda group: self._given | {name: make(group.group_id, expansion, name) for name in names},
        )

    def _declare(
        self,
        expansion: Expansion | None,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any] | Callable[[TaskGroup], Mapping[str, Any]],
    ) -> _R:
        settings = {"tooltip": (self.function.__doc__ or "").strip(), **self._arguments}
        group_id = settings.pop("group_id", None) or self.function.__name__
        settings.setdefault("add_suffix_on_collision", True)
        with TaskGroup(group_id, **settings) as group:
            group.expansion = expansion
            named: Any = kwargs(group) if callable(kwargs) else kwargs
            returned = self.function(*args, **named)
        for result in expansion.leaves() if expansion else ():
            group.set_upstream(result.operator)
        return cast("_R", group) if returned is None else returned


@overload
def task_group(function: Callable[_P, _R], /) -> GroupFunction[_P, _R]: ...


@overload
def task_group(
    *,
    group_id: str | None = None,
    prefix_group_id: bool = True,
    default_args: Mapping[str, Any] | None = None,
    tooltip: str = "",
    group_display_name: str = "",
) -> Callable[[Callable[_P, _R]], GroupFunction[_P, _R]]: ...


def task_group(function: Callable[..., Any] | None = None, /, **arguments: Any) -> Any:
    """Make a function that declares tasks into a task group; each call makes one more group."""
    if function is not None:
        return GroupFunction(function, arguments)
    return lambda decorated: GroupFunction(decorated, arguments)
