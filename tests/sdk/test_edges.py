"""Arrows between tasks, lists and groups."""

from __future__ import annotations

import pytest

from scheduler import DAG, EmptyOperator, Label, TaskGroup, chain, chain_linear, cross_downstream, task_group
from scheduler.errors import BadDag, DuplicateTask
from scheduler.sdk.serialize import to_spec


def tasks(names):
    return [EmptyOperator(task_id=name) for name in names.split()]


def upstream(declared):
    return {task.task_id: set(task.upstream) for task in to_spec(declared, "a.py").tasks}


def test_arrows_lead_both_ways_and_from_and_to_lists():
    with DAG("a") as declared:
        a, b, c, d, e = tasks("a b c d e")
        a >> [b, c] >> d
        e << d
        [a, b] >> e
    assert upstream(declared) == {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"}, "e": {"a", "b", "d"}}


def test_set_upstream_and_set_downstream_do_the_same():
    with DAG("a") as declared:
        a, b, c = tasks("a b c")
        a.set_downstream([b])
        c.set_upstream([a, b])
    assert upstream(declared) == {"a": set(), "b": {"a"}, "c": {"a", "b"}}


def test_chain_connects_lists_in_pairs():
    with DAG("a") as declared:
        a, b, c, d, e, f = tasks("a b c d e f")
        chain(a, [b, c], [d, e], f)
    assert upstream(declared) == {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"b"}, "e": {"c"}, "f": {"d", "e"}}


def test_chain_refuses_lists_of_two_lengths():
    with DAG("a"):
        a, b, c = tasks("a b c")
        with pytest.raises(
            BadDag, match=r"test_edges\.py:\d+: chain\(\) connects lists in pairs.* have 1 and 2"
        ):
            chain([a], [b, c])


def test_chain_linear_and_cross_downstream_connect_all_to_all():
    with DAG("a") as declared:
        a, b, c, d, e = tasks("a b c d e")
        chain_linear([a, b], [c, d])
        cross_downstream([c, d], [e])
    assert upstream(declared) == {"a": set(), "b": set(), "c": {"a", "b"}, "d": {"a", "b"}, "e": {"c", "d"}}


def test_an_arrow_at_a_group_means_its_first_and_last_tasks():
    with DAG("a") as declared:
        before, after = tasks("before after")
        with TaskGroup("g") as group:
            x, y, z = tasks("x y z")
            x >> [y, z]
        before >> group >> after
    assert upstream(declared) == {
        "before": set(),
        "after": {"g.y", "g.z"},
        "g.x": {"before"},
        "g.y": {"g.x"},
        "g.z": {"g.x"},
    }


def test_an_arrow_at_a_group_may_be_drawn_before_the_group_is_filled():
    with DAG("a") as declared:
        (before,) = tasks("before")
        group = TaskGroup("g")
        before >> group
        with group:
            x, y = tasks("x y")
            x >> y
    assert upstream(declared) == {"before": set(), "g.x": {"before"}, "g.y": {"g.x"}}


def test_groups_nest_and_prefix_the_ids_inside():
    with DAG("a") as declared:
        with TaskGroup("outer", tooltip="all of it") as outer:
            with TaskGroup("one") as one:
                tasks("x")
            with TaskGroup("two") as two:
                tasks("x")
            one >> two
        (last,) = tasks("last")
        outer >> last
    assert upstream(declared) == {
        "outer.one.x": set(),
        "outer.two.x": {"outer.one.x"},
        "last": {"outer.two.x"},
    }
    groups = {
        each.group_id: (each.parent_id, each.label, each.tooltip) for each in to_spec(declared, "a.py").groups
    }
    assert groups == {
        "outer": (None, "outer", "all of it"),
        "outer.one": ("outer", "one", ""),
        "outer.two": ("outer", "two", ""),
    }
    assert to_spec(declared, "a.py").tasks[0].label == "x"


def test_a_group_without_prefix_leaves_ids_as_they_are():
    with DAG("a") as declared, TaskGroup("outer"), TaskGroup("inner", prefix_group_id=False):
        tasks("x")
    assert declared.task_ids == ["outer.x"]


def test_an_empty_group_hands_on_what_it_waits_for():
    with DAG("a") as declared:
        before, after = tasks("before after")
        before >> TaskGroup("nothing") >> after
    assert upstream(declared) == {"before": set(), "after": {"before"}}


def test_a_group_cannot_wait_for_what_is_inside_it():
    with DAG("a") as declared:
        with TaskGroup("g") as group:
            (x,) = tasks("x")
        group >> x
    with pytest.raises(BadDag, match="cannot wait for each other"):
        to_spec(declared, "a.py")


def test_two_groups_of_one_id_are_refused_unless_they_ask_for_a_suffix():
    with DAG("a"):
        TaskGroup("g")
        with pytest.raises(BadDag, match="two groups or tasks named 'g'"):
            TaskGroup("g")
        assert TaskGroup("g", add_suffix_on_collision=True).group_id == "g__1"


def test_a_decorated_function_makes_a_group_at_each_call():
    @task_group(tooltip="twice")
    def step():
        tasks("x")

    with DAG("a") as declared:
        step() >> step()
    assert upstream(declared) == {"step.x": set(), "step__1.x": {"step.x"}}


def test_labels_stand_on_the_arrows_they_are_written_in():
    with DAG("a") as declared:
        a, b, c = tasks("a b c")
        a >> Label("rows") >> b
        a >> Label("none") >> [c]
        c << Label("late") << b
    labels = {task.task_id: task.upstream_labels for task in to_spec(declared, "a.py").tasks}
    assert labels == {"a": {}, "b": {"a": "rows"}, "c": {"a": "none", "b": "late"}}


def test_an_arrow_between_dags_is_refused():
    with DAG("one"):
        (a,) = tasks("a")
    with DAG("two"):
        (b,) = tasks("b")
    with pytest.raises(BadDag, match="from one DAG to another"):
        a >> b


def test_an_arrow_to_something_else_is_refused():
    with DAG("one"):
        (a,) = tasks("a")
        with pytest.raises(BadDag, match="neither a task nor a task group"):
            a >> print


def test_chain_takes_labels_between_its_steps():
    with DAG("a") as declared:
        a, b, c = tasks("a b c")
        chain(a, Label("rows"), [b, c])
    assert declared.edges.labels == {("a", "b"): "rows", ("a", "c"): "rows"}


def test_a_task_belongs_to_one_dag():
    with DAG("one"):
        (a,) = tasks("a")
    with pytest.raises(BadDag, match="belongs to another DAG"):
        DAG("two").add_task(a)


def test_a_task_cannot_bear_the_id_of_a_group():
    with DAG("a"):
        TaskGroup("g")
        with pytest.raises(DuplicateTask):
            tasks("g")
