"""Expressions over assets: when they are met, and what a success changes."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.assets import (
    Mark,
    changes_of,
    check_expression,
    in_words,
    is_met,
    leaves,
    mark_of,
    marks,
    missing,
)
from scheduler.errors import BadDag
from scheduler.wire import Data, TaskSpec


def asset(name: str) -> Data:
    return {"asset": name, "uri": f"s3://{name}", "group": "asset", "extra": {}}


LEAVES = st.sampled_from(
    [asset("a"), asset("b"), asset("c"), {"ref": {"uri": "s3://a"}}, {"ref": {"name": "b"}}, {"alias": "x"}]
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=4)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=4)),
    ),
    max_leaves=12,
)
SEEN = st.frozensets(st.builds(mark_of, LEAVES))


def by_python(expression, seen):
    """Say the same by what Python makes of `and` and `or`."""
    if "all" in expression:
        return reduce(and_, (by_python(each, seen) for each in expression["all"]))
    if "any" in expression:
        return reduce(or_, (by_python(each, seen) for each in expression["any"]))
    return mark_of(expression) in seen


@given(EXPRESSIONS, SEEN)
def test_an_expression_is_met_as_python_would_say(expression, seen):
    assert is_met(expression, seen) == by_python(expression, seen)


@given(EXPRESSIONS, SEEN, SEEN)
def test_more_events_never_undo_what_is_met(expression, seen, more):
    assert not is_met(expression, seen) or is_met(expression, seen | more)


@given(EXPRESSIONS)
def test_all_that_it_names_meets_it_and_nothing_does_not(expression):
    assert is_met(expression, marks(expression))
    assert not is_met(expression, frozenset())
    assert missing(expression, frozenset()) == sorted({in_words(each) for each in leaves(expression)})


@given(EXPRESSIONS, SEEN)
def test_only_what_it_names_counts(expression, seen):
    assert is_met(expression, seen) == is_met(expression, seen & marks(expression))


def test_words_name_what_belongs_together():
    expression = {"all": [asset("a"), {"any": [asset("b"), {"alias": "x"}]}]}
    assert in_words(expression) == "a and (b or alias x)"


@pytest.mark.parametrize(
    "expression",
    [
        {},
        {"all": []},
        {"asset": ""},
        {"asset": 7},
        {"asset": "x" * 1501},
        {"ref": {"place": "x"}},
        {"ref": {}},
        {"any": ["a"]},
        {"asset": "a", "uri": ["x"]},
        {"asset": "a", "freshness": {"cron": "0 9 * * *"}},
        [],
    ],
)
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(BadDag, match="The schedule of DAG 'x'"):
        check_expression("The schedule of DAG 'x'", expression)


def test_what_is_nested_without_end_is_refused():
    expression = asset("a")
    for _ in range(60):
        expression = {"all": [expression]}
    with pytest.raises(BadDag):
        check_expression("The schedule", expression)


def task(*outlets) -> TaskSpec:
    return TaskSpec(task_id="t", operator="X", outlets=outlets)


def test_each_outlet_changes_once_with_what_the_task_said_of_it():
    said = [{"of": ["name", "b"], "extra": {"rows": 7}}]
    found = changes_of(task(asset("a"), asset("b")), said)
    assert [(each.name, each.extra) for each in found] == [("a", {}), ("b", {"rows": 7})]


def test_of_an_alias_only_what_the_task_named_changes():
    outlets = task({"alias": "x"}, asset("a"))
    assert [each.name for each in changes_of(outlets, None)] == ["a"]
    found = changes_of(outlets, [{"of": ["alias", "x"], "asset": asset("new"), "extra": {"n": 1}}])
    assert [(each.name, each.alias, each.extra) for each in found] == [("new", "x", {"n": 1}), ("a", "", {})]


def test_each_partition_that_a_task_names_changes_and_else_that_of_its_run():
    said = [{"of": ["name", "a"], "partition_keys": ["mon", "tue"]}]
    assert [each.partition_key for each in changes_of(task(asset("a")), said, "sun")] == ["mon", "tue"]
    assert [each.partition_key for each in changes_of(task(asset("a")), None, "sun")] == ["sun"]


def test_a_reference_by_uri_leaves_the_name_to_who_knows_it():
    (found,) = changes_of(task({"ref": {"uri": "s3://a"}}), None)
    assert (found.name, found.uri, found.asset_extra) == ("", "s3://a", None)
    assert mark_of({"ref": {"uri": "s3://a"}}) == Mark("uri", "s3://a")
