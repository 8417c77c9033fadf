"""Arrows between tasks and task groups: `>>`, `<<`, lists, chain, cross_downstream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self, TypeVar

from scheduler.errors import BadDag
from scheduler.sdk.location import author_line

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG

_Other = TypeVar("_Other")


class Connectable:
    """What stands left or right of `>>` and `<<`."""

    def __rshift__(self, other: _Other) -> _Other:
        connect(self, other)
        return other

    def __lshift__(self, other: _Other) -> _Other:
        connect(other, self)
        return other

    def __rrshift__(self, other: Any) -> Self:
        connect(other, self)
        return self

    def __rlshift__(self, other: Any) -> Self:
        connect(self, other)
        return self


class Linkable(Connectable):
    """What an arrow begins or ends at: a task, a task group, or the result of a task."""

    def node(self) -> Node:
        """Return the task or group."""
        raise NotImplementedError

    def set_downstream(self, other: Any, edge_modifier: Label | None = None) -> None:
        """Let `other`, one or a list of tasks and groups, wait for this."""
        connect(self, other, edge_modifier)

    def set_upstream(self, other: Any, edge_modifier: Label | None = None) -> None:
        """Let this wait for `other`, one or a list of tasks and groups."""
        connect(other, self, edge_modifier)


class Node(Linkable):
    """A task or a task group."""

    dag: DAG | None = None

    @property
    def node_id(self) -> str:
        """Full id, unique within the DAG."""
        raise NotImplementedError

    def node(self) -> Node:
        """Return itself."""
        return self


class Label(Connectable):
    """Words on an arrow: `check >> Label("no rows") >> stop`."""

    def __init__(self, label: str) -> None:
        self.label = label
        self._begins: list[Any] = []
        self._ends: list[Any] = []

    def begin(self, nodes: Sequence[Any]) -> None:
        """Note where the arrow begins; it is drawn once its end is known too."""
        self._begins = list(nodes)
        self._draw()

    def end(self, nodes: Sequence[Any]) -> None:
        """Note where the arrow ends; it is drawn once its beginning is known too."""
        self._ends = list(nodes)
        self._draw()

    def _draw(self) -> None:
        if self._begins and self._ends:
            connect(self._begins, self._ends, self)
            self._begins, self._ends = [], []


def connect(before: Any, after: Any, label: Label | None = None) -> None:
    """Draw an arrow from each of `before` to each of `after`; both may be nested lists."""
    if isinstance(after, Label):
        return after.begin(list(_flat(before)))
    if isinstance(before, Label):
        return before.end(list(_flat(after)))
    befores, afters = list(_flat(before)), list(_flat(after))
    dag = _common_dag([*befores, *afters])
    for first in befores:
        for second in afters:
            dag.add_arrow(first, second, label.label if label else "")
    return None


def chain(*steps: Any) -> None:
    """Connect each step to the next; two lists side by side, of one length, are connected in pairs."""
    for before, after in pairwise(steps):
        if _is_list(before) and _is_list(after):
            _connect_pairs(list(before), list(after))
        else:
            connect(before, after)


def chain_linear(*steps: Any) -> None:
    """Connect all of each step to all of the next."""
    for before, after in pairwise(steps):
        connect(before, after)


def cross_downstream(from_tasks: Sequence[Any], to_tasks: Any) -> None:
    """Connect every task of the first list to every task of the second."""
    connect(from_tasks, to_tasks)


def _connect_pairs(befores: list[Any], afters: list[Any]) -> None:
    if len(befores) != len(afters):
        raise BadDag(
            f"{author_line()}: chain() connects lists in pairs, but these have {len(befores)} and "
            f"{len(afters)} "
            "entries; give both one length, or use chain_linear() or cross_downstream()."
        )
    for before, after in zip(befores, afters, strict=True):
        connect(before, after)


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, Linkable | str)


def _flat(value: Any) -> Iterator[Node]:
    if isinstance(value, Linkable):
        yield value.node()
    elif _is_list(value):
        for each in value:
            yield from _flat(each)
    else:
        raise BadDag(
            f"{author_line()}: {value!r} is neither a task nor a task group, so no arrow can lead to it."
        )


def _common_dag(nodes: Sequence[Node]) -> DAG:
    dags = {id(node.dag): node.dag for node in nodes if node.dag is not None}
    if len(dags) > 1:
        names = " and ".join(sorted(dag.dag_id for dag in dags.values()))
        raise BadDag(f"{author_line()}: an arrow cannot lead from one DAG to another (here: {names}).")
    for dag in dags.values():
        return dag
    raise BadDag(f"{author_line()}: these tasks belong to no DAG; declare them inside `with DAG(...):`.")
