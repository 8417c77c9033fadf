"""Tasks as rows of a grid."""

from __future__ import annotations

from scheduler.wire import DagSpec, GroupSpec, TaskSpec
from webui import tree


def _dag(*tasks: TaskSpec, groups: tuple[GroupSpec, ...] = ()) -> DagSpec:
    return DagSpec(dag_id="d", file="d.py", tasks=tasks, groups=groups)


def test_upstream_comes_before_downstream_and_ties_keep_the_authors_order() -> None:
    spec = _dag(
        TaskSpec(task_id="c", operator="x", upstream=("a",)),
        TaskSpec(task_id="b", operator="x"),
        TaskSpec(task_id="a", operator="x"),
    )
    assert [row.id for row in tree.rows(spec)] == ["b", "a", "c"]


def test_a_group_holds_its_tasks_and_its_groups() -> None:
    spec = _dag(
        TaskSpec(task_id="first", operator="x"),
        TaskSpec(task_id="g.one", operator="x", label="one", group_id="g", upstream=("first",)),
        TaskSpec(task_id="last", operator="x", upstream=("g.h.two",)),
        TaskSpec(task_id="g.h.two", operator="x", label="two", group_id="g.h", upstream=("g.one",)),
        groups=(GroupSpec(group_id="g", label="g"), GroupSpec(group_id="g.h", parent_id="g", label="h")),
    )
    assert [(row.id, row.label, row.depth, row.is_group) for row in tree.rows(spec)] == [
        ("first", "first", 0, False),
        ("g", "g", 0, True),
        ("g.one", "one", 1, False),
        ("g.h", "h", 1, True),
        ("g.h.two", "two", 2, False),
        ("last", "last", 0, False),
    ]


def test_an_empty_dag_has_no_rows() -> None:
    assert tree.rows(_dag()) == ()


def test_what_follows_directly() -> None:
    spec = _dag(TaskSpec(task_id="a", operator="x"), TaskSpec(task_id="b", operator="x", upstream=("a",)))
    assert tree.downstream(spec, "a") == ["b"]
