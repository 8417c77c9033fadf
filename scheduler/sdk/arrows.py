"""From arrows between tasks and groups to the direct upstream tasks of each task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scheduler.errors import BadDag
from scheduler.sdk.edges import Node
from scheduler.sdk.group import TaskGroup
from scheduler.sdk.operator import BaseOperator


@dataclass(frozen=True, slots=True)
class Arrow:
    """One `before >> after`, as declared."""

    before: Node
    after: Node
    label: str = ""


@dataclass(slots=True)
class Edges:
    """Direct neighbours of every task, by full id."""

    upstream: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    downstream: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    labels: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, before: str, after: str, label: str = "") -> None:
        """Let the one task wait for the other."""
        self.upstream[after].add(before)
        self.downstream[before].add(after)
        if label:
            self.labels[before, after] = label


def resolve(arrows: Sequence[Arrow]) -> Edges:
    """Turn arrows at groups into arrows at their first and last tasks.

    Which tasks of a group are first and last follows from the arrows inside it, so the innermost arrows go
    first. A group without tasks hands on what it waits for.
    """
    ends = _Ends(arrows, Edges())
    for arrow in sorted(arrows, key=lambda each: -_depth(each)):
        for before in ends.lasts(arrow.before):
            for after in ends.firsts(arrow.after):
                ends.edges.add(before, after, arrow.label)
    return ends.edges


@dataclass(slots=True)
class _Ends:
    """First and last tasks of groups; kept, for once an arrow touches a group, nothing inside it changes."""

    arrows: Sequence[Arrow]
    edges: Edges
    kept_firsts: dict[Node, set[str]] = field(default_factory=dict)
    kept_lasts: dict[Node, set[str]] = field(default_factory=dict)

    def firsts(self, node: Node) -> set[str]:
        """Return the tasks that an arrow to the node leads to."""
        if node not in self.kept_firsts:
            inside = _tasks_in(node)
            self.kept_firsts[node] = (
                {each for each in inside if inside.isdisjoint(self.edges.upstream.get(each, ()))}
                if inside
                else _union(self.firsts(each.after) for each in self.arrows if each.before is node)
            )
        return self.kept_firsts[node]

    def lasts(self, node: Node) -> set[str]:
        """Return the tasks at which an arrow from the node begins."""
        if node not in self.kept_lasts:
            # Who waits for a group does not wait for what it has to take away.
            inside = _tasks_in(node) - _teardowns_in(node) or _tasks_in(node)
            self.kept_lasts[node] = (
                {each for each in inside if inside.isdisjoint(self.edges.downstream.get(each, ()))}
                if inside
                else _union(self.lasts(each.before) for each in self.arrows if each.after is node)
            )
        return self.kept_lasts[node]


def _tasks_in(node: Node) -> set[str]:
    return {task.task_id for task in node.tasks()} if isinstance(node, TaskGroup) else {node.node_id}


def _teardowns_in(node: Node) -> set[str]:
    return (
        {each.task_id for each in node.tasks() if each.is_teardown} if isinstance(node, TaskGroup) else set()
    )


def _depth(arrow: Arrow) -> int:
    """Return how many groups hold both ends; raise BadDag where one end holds the other."""
    before, after = _groups_around(arrow.before), _groups_around(arrow.after)
    if arrow.before in after or arrow.after in before:
        raise BadDag(
            f"{arrow.before!r} >> {arrow.after!r}: a group and what is inside it cannot wait for each other."
        )
    return sum(1 for one, other in zip(before, after, strict=False) if one is other)


def _groups_around(node: Node) -> tuple[TaskGroup, ...]:
    if isinstance(node, TaskGroup):
        return node.ancestors
    assert isinstance(node, BaseOperator)
    group = node.task_group
    return (*group.ancestors, group) if group else ()


def _union(sets: Iterable[set[str]]) -> set[str]:
    return set().union(*sets)


def find_cycle(task_ids: Iterable[str], downstream: Mapping[str, set[str]]) -> list[str]:
    """Return the ids of one circle in the order of its arrows, or an empty list."""
    waiting, done = dict.fromkeys(task_ids), set[str]()
    for start in waiting:
        circle = _walk(start, downstream, done)
        if circle:
            return circle
    return []


def _walk(start: str, downstream: Mapping[str, set[str]], done: set[str]) -> list[str]:
    """Walk depth-first from one task, without recursion: graphs are longer than Python's stack."""
    trail: dict[str, None] = {}
    steps: list[tuple[str, bool]] = [(start, False)]
    while steps:
        task_id, leaving = steps.pop()
        if leaving:
            del trail[task_id]
            done.add(task_id)
        elif task_id in trail:
            path = list(trail)
            return path[path.index(task_id) :]
        elif task_id not in done:
            trail[task_id] = None
            steps.append((task_id, True))
            steps += [(each, False) for each in sorted(downstream.get(task_id, ()))]
    return []
