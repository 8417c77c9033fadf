"""How many instances a mapped task has: decided once what it is mapped over has ended, and anew when that ran again.

Pure, as `core.plan` is: paths, states and lengths come in, what is to become of the rows goes out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from scheduler.core.dimensions import Dimension, Source, child, depth_of, is_within, length_of, sources, upper
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.core.instances import UNKNOWN, Counts, Scope
from scheduler.core.states import UNFINISHED, TaskState
from scheduler.wire import MOST_INSTANCES

#: Items of a result that is mapped over, at most, unless `max_map_length` says otherwise; as in Airflow.
MOST_ITEMS: Final = 1024
RETURN_VALUE: Final = "return_value"
NOTHING: Final = "there is nothing to map over"
_FAILURES: Final = frozenset({TaskState.FAILED, TaskState.UPSTREAM_FAILED})


class Place(NamedTuple):
    """What one instance is mapped over: the source, seen from where the instance stands."""

    source: Source
    scope: Scope


class Refusal(NamedTuple):
    """A task cannot have instances, and becomes `state`."""

    state: TaskState
    reason: str


#: What is known of a length: a number; words for what is there instead of a list.
Length: TypeAlias = int | str
#: The number of instances, why there can be none, or None while that is not known.
Answer: TypeAlias = int | Refusal | None


@dataclass(slots=True)
class Growth:
    """What is to become of the rows of a task, by path; in this order."""

    opened: list[str] = field(default_factory=list)  #: removed before, and part of it again
    renamed: dict[str, str] = field(default_factory=dict)  #: stems that become an instance
    created: dict[str, None] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    ended: dict[str, Refusal] = field(default_factory=dict)


def place_of(graph: TaskGraph, source: Source, task_id: str, prefix: str) -> Place:
    """Return where the result stands that instances of a task at `prefix` are mapped over."""
    shared = graph.dimensions.shared(source.task_id, task_id)
    return Place(source, Scope(source.task_id, upper(prefix, shared)))


def is_of_many(graph: TaskGraph, scope: Scope) -> bool:
    """Tell whether a scope holds many instances by nature, so that their results are taken together."""
    return graph.dimensions.is_stem(scope)


def answer(
    graph: TaskGraph, key: TaskKey, place: int, counts: Counts, lengths: Mapping[Place, Length], most: int
) -> Answer:
    """Tell how many instances a dimension makes below a stem; `counts` and `lengths` hold what it is mapped over.

    `most`: how long a result may be that is mapped over.
    """
    dimension = graph.dimensions.of(key.task_id)[place]
    places = [place_of(graph, source, *key) for source in dict.fromkeys(sources(dimension))]
    tally = Counter[TaskState]()
    for each in places:
        tally.update(_seen(graph, each, counts))
    if blocked := _blocked(tally, dimension):
        return blocked
    if not UNFINISHED.isdisjoint(+tally):
        return None
    try:
        number = length_of(
            dimension, lambda source: _measured(graph, lengths, place_of(graph, source, *key), most)
        )
        return _bounded(number)
    except _NotMappable as error:
        is_first = all(
            graph.dimensions.shared(each, key.task_id) <= place for each in graph.upstream(key.task_id)
        )
        state = TaskState.FAILED if is_first else TaskState.UPSTREAM_FAILED
        return Refusal(state, f"{dimension.name} cannot be mapped: {error}")


def _seen(graph: TaskGraph, place: Place, counts: Counts) -> Mapping[TaskState, int]:
    """Return what counts of the states of a source: of many instances, those that failed beside good ones do not.

    What was not counted has not finished: it is looked at once the row that waits for it is there.
    """
    found = Counter(counts.get(place.scope) or UNKNOWN)
    if is_of_many(graph, place.scope) and found[TaskState.SUCCESS]:
        return {
            state: count for state, count in found.items() if state not in _FAILURES | {TaskState.SKIPPED}
        }
    return found


def _blocked(tally: Counter[TaskState], dimension: Dimension) -> Refusal | None:
    names = ", ".join(sorted({source.task_id for source in sources(dimension)}))
    if tally[TaskState.FAILED] or tally[TaskState.UPSTREAM_FAILED]:
        return Refusal(TaskState.UPSTREAM_FAILED, f"what it is mapped over failed: {names}")
    if tally[TaskState.SKIPPED]:
        return Refusal(TaskState.SKIPPED, f"what it is mapped over was skipped: {names}")
    return None


class _NotMappable(Exception):
    """A result is no list and no dict, or a longer one than may be."""


def _bounded(number: int) -> int:
    if number > MOST_INSTANCES:
        raise _NotMappable(
            f"its arguments make {number:,} combinations, and {MOST_INSTANCES:,} instances may be; map over fewer"
        )
    return number


def _measured(graph: TaskGraph, lengths: Mapping[Place, Length], place: Place, most: int) -> int:
    length = lengths.get(place, 0 if is_of_many(graph, place.scope) else "None")
    what = f"task {place.source.task_id} returned"
    if place.source.key != RETURN_VALUE:
        what = f"under {place.source.key!r}, task {place.source.task_id} handed on"
    if isinstance(length, str):
        raise _NotMappable(f"{what} {length}, which is neither a list nor a dict")
    if length > most and not is_of_many(graph, place.scope):
        raise _NotMappable(
            f"{what} {length:,} items, and max_map_length allows {most:,}; return fewer, or raise that setting"
        )
    return length


def grow(
    task_id: str,
    depth: int,
    prefix: str,
    rows: Mapping[str, TaskState],
    ask: Callable[[TaskKey, int], Answer],
    *,
    is_looped: bool = False,
) -> Growth:
    """Decide what becomes of the rows of a task at and below `prefix`, which are given by path.

    `ask` tells how many instances are below a path, and how many indices that path has. Where no row waits to begin,
    nothing is changed. Of a task that is looped, the iterations that are there stay.
    """
    if TaskState.NONE not in rows.values():
        return Growth()
    growing = _Growing(task_id, depth, dict(rows), ask, is_looped)
    try:
        growing.below(prefix, depth_of(prefix))
    except _TooMany:
        return Growth(
            ended={path: _refuse_all(task_id) for path, state in rows.items() if state is TaskState.NONE}
        )
    return growing.growth


class _TooMany(Exception):
    """All instances together are more than may be."""


def _refuse_all(task_id: str) -> Refusal:
    return Refusal(
        TaskState.FAILED,
        f"{task_id} cannot be mapped: with its groups it makes more than {MOST_INSTANCES:,} instances, "
        "and no more may be; map over fewer",
    )


@dataclass(slots=True)
class _Growing:
    task_id: str
    depth: int
    rows: dict[str, TaskState]
    ask: Callable[[TaskKey, int], Answer]
    is_looped: bool
    growth: Growth = field(default_factory=Growth)
    #: What renamed rows were called before.
    origins: dict[str, str] = field(default_factory=dict)
    #: Indices that are there, by the path above them.
    children: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path, state in self.rows.items():
            if path and state is not TaskState.REMOVED:
                self._note(path)

    def _note(self, path: str) -> None:
        parts = path.split(".")
        for place, index in enumerate(parts):
            self.children.setdefault(".".join(parts[:place]), set()).add(int(index))

    def below(self, prefix: str, place: int) -> None:
        """Have as many instances below a path as there are to be, and look below each of them."""
        if place == self.depth or (self.is_looped and place == self.depth - 1 and self.children.get(prefix)):
            return
        match self.ask(TaskKey(self.task_id, prefix), place):
            case None:
                return
            case Refusal() as refusal:
                self._end(prefix, refusal)
            case 0:
                self._empty(prefix)
            case number:
                self._fill(prefix, number, place)

    def _end(self, prefix: str, refusal: Refusal) -> None:
        self.growth.ended |= dict.fromkeys(self._waiting(prefix), refusal)

    def _empty(self, prefix: str) -> None:
        """Let the stem stand for the instances that there are none of."""
        self._remove([path for path in self._waiting(prefix) if path != prefix])
        if self.rows.get(prefix, TaskState.REMOVED) is TaskState.REMOVED:
            self._open(prefix)
        if self.rows[prefix] is TaskState.NONE:
            self.growth.ended[prefix] = Refusal(TaskState.SKIPPED, NOTHING)

    def _fill(self, prefix: str, number: int, place: int) -> None:
        there = self.children.setdefault(prefix, set())
        if any(index >= number for index in there):
            waiting = [path for path in self._waiting(prefix) if path != prefix]
            self._remove([path for path in waiting if int(path.split(".")[place]) >= number])
        self._use_stem(prefix, there)
        for index in range(number):
            path = child(prefix, index)
            if index not in there:
                self._open(path)
            self.below(path, place + 1)

    def _use_stem(self, prefix: str, there: set[int]) -> None:
        """Let the stem become the first instance; where that is there, the stem is of no use any more."""
        if self.rows.get(prefix) is not TaskState.NONE:
            return
        first = child(prefix, 0)
        if there or first in self.rows:
            self._remove([prefix])
            return
        del self.rows[prefix]
        self.rows[first] = TaskState.NONE
        there.add(0)
        self._rename(prefix, first)

    def _rename(self, path: str, to: str) -> None:
        if path in self.growth.created:
            del self.growth.created[path]
            self.growth.created[to] = None
        else:
            origin = self.origins.pop(path, path)
            self.growth.renamed[origin] = to
            self.origins[to] = origin

    def _remove(self, paths: list[str]) -> None:
        for path in paths:
            if path in self.growth.created:
                del self.growth.created[path], self.rows[path]
            elif path in self.growth.opened:
                self.growth.opened.remove(path)
                self.rows[path] = TaskState.REMOVED
            else:
                self._remove_row(path)

    def _remove_row(self, path: str) -> None:
        """Have a row removed, under the name that it is known by: it may just have been given another."""
        origin = self.origins.pop(path, path)
        if self.growth.renamed.pop(origin, None):
            del self.rows[path]
        self.growth.removed.append(origin)
        self.rows[origin] = TaskState.REMOVED

    def _open(self, path: str) -> None:
        if path in self.rows:
            self.growth.opened.append(path)
        elif len(self.rows) >= MOST_INSTANCES:
            raise _TooMany
        else:
            self.growth.created[path] = None
        self.rows[path] = TaskState.NONE

    def _waiting(self, prefix: str) -> list[str]:
        return [
            path for path, state in self.rows.items() if state is TaskState.NONE and is_within(path, prefix)
        ]
