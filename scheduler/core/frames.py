"""What setups and teardowns ask of tasks that no arrow leads to directly.

A task that needs a setup further up waits until it has succeeded, and a teardown until all is done that stands between
its setups and itself. In a run that goes forward the arrows see to that; not where single tasks run again, or where a
trigger rule does not wait for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scheduler.core.graph import TaskGraph


def needing(graph: TaskGraph, setup: str) -> frozenset[str]:
    """Return the tasks that need a setup: those before one of its teardowns, or all below where it has none."""
    below = graph.descendants([setup]) - graph.teardowns
    teardowns = graph.downstream(setup) & graph.teardowns
    return frozenset(below & graph.ancestors(teardowns) if teardowns else below)


def gates_of(graph: TaskGraph, needed: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    """Return by task what it waits for beside its direct upstream; tasks without such are left out.

    `needed`: by setup, the tasks that need it.
    """
    gates: defaultdict[str, set[str]] = defaultdict(set)
    for setup, tasks in needed.items():
        for task_id in frozenset(tasks) - graph.downstream(setup):
            gates[task_id].add(setup)
        for teardown in graph.downstream(setup) & graph.teardowns:
            between = graph.descendants([setup]) & graph.ancestors([teardown])
            gates[teardown] |= between - graph.upstream(teardown)
    return {task_id: frozenset(found) for task_id, found in gates.items() if found}


def turned(gates: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    """Return by task those that wait for it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for task_id, awaited in gates.items():
        for each in awaited:
            found[each].add(task_id)
    return {task_id: frozenset(waiting) for task_id, waiting in found.items()}
