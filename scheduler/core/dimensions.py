"""Along which dimensions tasks have instances: one for each mapped group around a task, one where it is mapped itself,
one where it is looped.

A path names an index for each dimension, outermost first. A row whose path names fewer is a *stem*: it stands for
all instances below it until it is known how many those are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Final, NamedTuple

from scheduler.core.ids import TaskKey
from scheduler.errors import BadDag
from scheduler.wire import MOST_INSTANCES, DagSpec, GroupSpec, Json, MapSpec, TaskSpec

#: A factor of a MapSpec.
Factor = Json


#: The dimension of a loop, which no two tasks share; it begins with one instance. No group or task can be named so.
LOOP: Final = "(iterations)"


class Dimension(NamedTuple):
    """What is mapped, a group or a task, and over what."""

    name: str
    factors: tuple[Factor, ...]


class Source(NamedTuple):
    """What a task hands on, whose length is asked for."""

    task_id: str
    key: str


class Dimensions:
    """Those of all tasks of a graph."""

    def __init__(self, spec: DagSpec) -> None:
        groups = {group.group_id: group for group in spec.groups}
        self._of = {task.task_id: _dimensions(task, groups) for task in spec.tasks}
        self._mapped_over: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
        for task_id, dimensions in self._of.items():
            for place, dimension in enumerate(dimensions):
                for source in sources(dimension):
                    self._mapped_over[source.task_id].add((task_id, place))

    def of(self, task_id: str) -> tuple[Dimension, ...]:
        """Return the dimensions of a task, outermost first."""
        return self._of[task_id]

    def depth(self, task_id: str) -> int:
        """Return how many indices the path of each instance has."""
        return len(self._of[task_id])

    def shared(self, one: str, other: str) -> int:
        """Return how many outermost dimensions two tasks have in common: instances meet where these indices agree."""
        pairs = zip(self._of[one], self._of[other], strict=False)
        return next(
            (place for place, (a, b) in enumerate(pairs) if a.name != b.name or a.name == LOOP),
            min(self.depth(one), self.depth(other)),
        )

    def mapped_over(self, task_id: str) -> Mapping[str, int]:
        """Return the tasks with as many instances as this one says, and the outermost place that follows from it."""
        places: dict[str, int] = {}
        for each, place in self._mapped_over.get(task_id, ()):
            places[each] = min(place, places.get(each, place))
        return places

    def known_paths(self, task_id: str) -> list[str]:
        """Return the rows of a task that are known before anything ran: instances, or stems of what is not known.

        Raises BadDag as `check_number` does.
        """
        self.check_number(task_id)
        paths = [""]
        for _, number in self._known(task_id):
            paths = [child(path, index) for path in paths for index in range(number)]
        return paths

    def check_number(self, task_id: str) -> None:
        """Raise BadDag where the file alone makes more instances of a task than may be: its groups', and its own."""
        known = self._known(task_id)
        if (number := prod(length for _, length in known)) > MOST_INSTANCES:
            parts = " times ".join(f"{length:,} of {name}" for name, length in known)
            raise BadDag(
                f"Task {task_id!r} has {number:,} instances ({parts}), and {MOST_INSTANCES:,} may be; map over fewer, "
                "and have each do more."
            )

    def _known(self, task_id: str) -> list[tuple[str, int]]:
        """Return the outermost dimensions whose lengths the file alone tells, as far as there are instances."""
        known: list[tuple[str, int]] = []
        for dimension in self._of[task_id]:
            number = None if has_sources(dimension) else length_of(dimension, _never)
            if not number:
                break
            known.append((dimension.name, number))
        return known

    def is_empty(self, key: TaskKey) -> bool:
        """Tell whether a row stands for instances of which the file says that there are none."""
        dimensions = self._of[key.task_id][depth_of(key.path) :]
        return bool(dimensions) and not has_sources(dimensions[0]) and length_of(dimensions[0], _never) == 0

    def may_grow(self, key: TaskKey) -> bool:
        """Tell whether a row may become more: what is only looped has its iterations made as they come."""
        return self.is_stem(key) or any(each.name != LOOP for each in self._of[key.task_id])

    def is_stem(self, key: TaskKey) -> bool:
        """Tell whether a row stands for instances that are not there yet."""
        return depth_of(key.path) < self.depth(key.task_id)


def _never(source: Source) -> int:
    raise AssertionError(f"{source} is known only in a run")


def _dimensions(task: TaskSpec, groups: Mapping[str, GroupSpec]) -> tuple[Dimension, ...]:
    found = [Dimension(LOOP, (1,))] if task.loop else []
    if task.mapping:
        found.append(_dimension(task.task_id, task.mapping))
    group_id = task.group_id
    while group_id is not None and group_id in groups:
        group = groups[group_id]
        if group.mapping:
            found.append(_dimension(group_id, group.mapping))
        group_id = group.parent_id
    return tuple(reversed(found))


def _dimension(name: str, mapping: MapSpec) -> Dimension:
    return Dimension(name, mapping.factors)


def sources(dimension: Dimension) -> Iterator[Source]:
    """Walk what the length of a dimension depends on."""
    for factor in dimension.factors:
        yield from _sources(factor)


def has_sources(dimension: Dimension) -> bool:
    """Tell whether only a run knows the length of a dimension."""
    return next(sources(dimension), None) is not None


def _sources(factor: Factor) -> Iterator[Source]:
    if isinstance(factor, int):
        return
    if "task" in factor:
        yield Source(factor["task"], factor["key"])
    for each in _parts(factor):
        yield from _sources(each)


def _parts(factor: Factor) -> list[Factor]:
    parts: list[Factor] = factor.get("zip") or factor.get("concat") or []
    return parts


def length_of(dimension: Dimension, measure: Callable[[Source], int]) -> int:
    """Return how many instances a dimension makes; `measure` tells the length of each source."""
    product = 1
    for factor in dimension.factors:
        product *= _length(factor, measure)
    return product


def _length(factor: Factor, measure: Callable[[Source], int]) -> int:
    if isinstance(factor, int):
        return factor
    if "task" in factor:
        return measure(Source(factor["task"], factor["key"]))
    lengths = [_length(each, measure) for each in _parts(factor)]
    if "concat" in factor:
        return sum(lengths)
    return max(lengths) if factor.get("longest") else min(lengths)


def depth_of(path: str) -> int:
    """Return how many indices a path names."""
    return path.count(".") + 1 if path else 0


def upper(path: str, depth: int) -> str:
    """Return the first `depth` indices of a path, or all of a shorter one."""
    return ".".join(path.split(".")[:depth]) if depth else ""


def child(path: str, index: int) -> str:
    """Return the path one dimension further in."""
    return f"{path}.{index}" if path else str(index)


def is_within(path: str, prefix: str) -> bool:
    """Tell whether a path is `prefix`, or below it."""
    return not prefix or path == prefix or path.startswith(f"{prefix}.")


def in_order(path: str) -> tuple[int, ...]:
    """Return what paths are sorted by: index by index, as numbers."""
    return tuple(int(each) for each in path.split(".")) if path else ()
