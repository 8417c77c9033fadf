"""What a task or group is mapped over: checked where it is declared, and resolved for one index where it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, Final, NamedTuple, Protocol

from scheduler.errors import BadDag, BadMapping
from scheduler.sdk.arguments import bad_argument
from scheduler.sdk.location import author_line
from scheduler.sdk.results import ListPromise, Promise, XComArg, results_in
from scheduler.wire import MOST_INSTANCES, MapSpec

_REMEDY: Final = "map over a list, a dict, or the result of a task"


class Resolved(NamedTuple):
    """The arguments of one instance, and which of them other tasks returned: those hold no templates."""

    arguments: dict[str, Any]
    returned: frozenset[str]


class Expansion(Protocol):
    """What something is mapped over."""

    def spec(self) -> MapSpec:
        """Return how many instances it makes."""

    def leaves(self) -> Iterator[XComArg[Any]]:
        """Walk the results of tasks that it depends on."""

    def resolve(self, instance: Any, index: int) -> Resolved:
        """Return the arguments of one instance, as the running task sees them."""


class ByArgument:
    """`expand(x=[...], y=...)`: an instance for each combination; the last argument changes from one to the next."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        if not values:
            raise BadDag(
                f"{author_line()}: expand() names nothing to map over; give it an argument and a list for it."
            )
        for name, value in values.items():
            _check(name, value)
        _check_number(prod(len(value) for value in values.values() if not isinstance(value, Promise)))
        self.values = dict(values)

    def spec(self) -> MapSpec:
        """Return how many instances it makes."""
        return MapSpec(arguments=tuple(self.values), factors=tuple(map(_factor, self.values.values())))

    def leaves(self) -> Iterator[XComArg[Any]]:
        """Walk the results of tasks that it depends on."""
        return results_in(self.values)

    def resolve(self, instance: Any, index: int) -> Resolved:
        """Return the arguments of one instance."""
        names = list(self.values)
        places = self._places(instance, index)
        found = {name: _item(self.values[name], instance, places[name]) for name in names}
        return Resolved(found, frozenset(name for name in names if isinstance(self.values[name], Promise)))

    def _places(self, instance: Any, index: int) -> dict[str, int]:
        """Return which item of each argument an instance takes. The length of the first is never asked for."""
        places: dict[str, int] = {}
        for name in reversed(list(self.values)[1:]):
            index, places[name] = divmod(index, _count(self.values[name], instance))
        return places | {next(iter(self.values)): index}


class ByItem:
    """`expand_kwargs([{...}, ...])`: an instance for each dict of arguments."""

    def __init__(self, items: Any) -> None:
        _check("expand_kwargs", items)
        if isinstance(items, Mapping):
            raise bad_argument(
                "expand_kwargs", items, "give a list of dicts of arguments, or the result of a task"
            )
        for each in [] if isinstance(items, Promise) else items:
            if not isinstance(each, Mapping | Promise):
                raise bad_argument("expand_kwargs", each, "each item must be a dict of arguments")
        _check_number(0 if isinstance(items, Promise) else len(items))
        self.values = items

    def spec(self) -> MapSpec:
        """Return how many instances it makes."""
        return MapSpec(factors=(_factor(self.values),))

    def leaves(self) -> Iterator[XComArg[Any]]:
        """Walk the results of tasks that it depends on."""
        return results_in(self.values)

    def resolve(self, instance: Any, index: int) -> Resolved:
        """Return the arguments of one instance."""
        item = _item(self.values, instance, index)
        if not isinstance(item, Mapping) or not all(isinstance(name, str) for name in item):
            raise BadMapping(
                f"Item {index} that task {instance.task_id!r} is mapped over is {item!r:.100}, a "
                f"{type(item).__name__}; expand_kwargs() takes dicts of arguments by name."
            )
        is_returned = isinstance(self.values, Promise)
        return Resolved(dict(item), frozenset(item) if is_returned else frozenset())


class MappedArgument(Promise):
    """An argument of a mapped task group, as the tasks in it take it: in each instance another item."""

    def __init__(self, group_id: str, expansion: Expansion, name: str) -> None:
        self.group_id = group_id
        self.expansion = expansion
        self.name = name

    def leaves(self) -> Iterator[XComArg[Any]]:
        """Walk the results of tasks that the group is mapped over."""
        return self.expansion.leaves()

    def described(self) -> str:
        """Return what an error calls it."""
        return f"The argument {self.name!r} of the mapped group {self.group_id!r}"

    def resolve(self, instance: Any) -> Any:
        """Return the item of the instance of the group that the task runs in."""
        place = instance.task.dimensions.index(self.group_id)
        found = self.expansion.resolve(instance, int(instance.path.split(".")[place])).arguments
        if self.name not in found:
            raise BadMapping(
                f"The item of task group {self.group_id!r} for {instance.key!r} has no {self.name!r}; "
                f"it has {', '.join(sorted(found))}."
            )
        return found[self.name]

    def __repr__(self) -> str:
        return f"<{self.described()}>"


def _check(name: str, value: Any) -> None:
    """Refuse what has no items, or whose items are known only in the instance of a group."""
    if isinstance(value, MappedArgument):
        raise BadDag(
            f"{author_line()}: {name}={value!r} is one item of what the group is mapped over; its own items are known "
            "only when it runs. Have a task in the group return it, and map over the result of that task."
        )
    if isinstance(value, ListPromise):
        value.factor()
        return
    if isinstance(value, str | bytes) or not isinstance(value, Mapping | Sequence):
        raise bad_argument(name, value, _REMEDY)


def _check_number(number: int) -> None:
    if number > MOST_INSTANCES:
        raise BadDag(
            f"{author_line()}: this makes {number:,} instances, and {MOST_INSTANCES:,} may be; map over fewer, and "
            "have each do more."
        )


def _factor(value: Any) -> Any:
    return value.factor() if isinstance(value, ListPromise) else len(value)


def _count(value: Any, instance: Any) -> int:
    return value.count(instance) if isinstance(value, ListPromise) else len(value)


def _item(value: Any, instance: Any, index: int) -> Any:
    if isinstance(value, ListPromise):
        return value.item(instance, index)
    return list(value.items())[index] if isinstance(value, Mapping) else value[index]
