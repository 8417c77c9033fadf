"""Graphs for the tests of the core: written by hand, and drawn by Hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from scheduler.core.graph import TaskGraph
from scheduler.core.trigger_rules import RULES
from scheduler.wire import DagSpec, TaskSpec

#: Most tasks have none.
ROLES = (None, None, None, "setup", "teardown", "deciding teardown")


def task(task_id: str, *upstream: str, **fields: Any) -> TaskSpec:
    return TaskSpec(task_id=task_id, operator="EmptyOperator", upstream=tuple(sorted(upstream)), **fields)


def graph(*tasks: TaskSpec, **fields: Any) -> TaskGraph:
    return TaskGraph(DagSpec(dag_id="orders", file="orders.py", tasks=tasks, **fields))


@st.composite
def graphs(draw: st.DrawFn, rules: tuple[str, ...] = RULES, most: int = 9) -> TaskGraph:
    """Draw a graph of up to `most` tasks, declared in any order, each with one of `rules`."""
    count = draw(st.integers(1, most))
    tasks = []
    for place in range(count):
        earlier = [f"t{other}" for other in range(place)]
        upstream = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=4)) if earlier else []
        weight = draw(st.integers(0, 5))
        role = draw(st.sampled_from(ROLES))
        rule = draw(st.sampled_from(rules)) if role in (None, "setup") else "all_done_setup_success"
        tasks.append(task(f"t{place}", *upstream, trigger_rule=rule, priority_weight=weight, role=role))
    return graph(*draw(st.permutations(tasks)))
