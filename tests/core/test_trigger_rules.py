"""The 13 trigger rules: a truth table written from Airflow's semantics, and laws over all of them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.states import FINISHED, TaskState
from scheduler.core.trigger_rules import RULES, Becomes, Ready, Wait, judge
from scheduler.errors import BadDag

STATES = {
    "s": TaskState.SUCCESS,
    "f": TaskState.FAILED,
    "u": TaskState.UPSTREAM_FAILED,
    "k": TaskState.SKIPPED,
    "r": TaskState.REMOVED,
    ".": TaskState.RUNNING,
}
#: The letters of the table: go, wait, becomes skipped, becomes upstream_failed.
ANSWERS = {"g": Ready, ".": Wait, "k": TaskState.SKIPPED, "u": TaskState.UPSTREAM_FAILED}

# fmt: off
COLUMNS = "ss s. ff f. sf uu u. su kk k. sk fk uk .. rr sr kr fr"
TABLE = {
    "all_success":                 "g  .  u  u  u  u  u  u  k  k  k  u  u  .  g  g  k  u",
    "all_failed":                  "k  k  g  .  k  g  .  k  k  k  k  k  k  .  g  k  k  g",
    "all_done":                    "g  .  g  .  g  g  .  g  g  .  g  g  g  .  g  g  g  g",
    "all_done_min_one_success":    "g  .  u  .  g  u  .  g  k  k  k  k  k  .  u  g  k  u",
    "all_done_setup_success":      "g  .  g  .  g  g  .  g  g  .  g  g  g  .  g  g  g  g",
    "one_success":                 "g  g  u  .  g  u  .  g  k  .  g  u  u  .  u  g  u  u",
    "one_failed":                  "k  .  g  g  g  g  g  g  k  .  k  g  g  .  k  k  k  g",
    "one_done":                    "g  g  g  g  g  k  .  g  k  .  g  g  k  .  k  g  k  g",
    "none_failed":                 "g  .  u  u  u  u  u  u  g  .  g  u  u  .  g  g  g  u",
    "none_failed_min_one_success": "g  .  u  u  u  u  u  u  k  .  g  u  u  .  k  g  k  u",
    "none_skipped":                "g  .  g  .  g  g  .  g  k  k  k  k  k  .  g  g  k  g",
    "all_skipped":                 "k  k  k  k  k  k  k  k  g  .  k  k  k  .  g  k  g  k",
    "always":                      "g  g  g  g  g  g  g  g  g  g  g  g  g  g  g  g  g  g",
}
# fmt: on
CELLS = [
    (rule, column, answer)
    for rule, row in TABLE.items()
    for column, answer in zip(COLUMNS.split(), row.split(), strict=True)
]


def judged(rule, states, setups=""):
    counts = Counter(STATES[letter] for letter in states + setups)
    return judge(rule, counts, len(states + setups), setups=Counter(STATES[letter] for letter in setups))


def outcome(verdict):
    return verdict.state if isinstance(verdict, Becomes) else type(verdict)


@pytest.mark.parametrize(("rule", "upstream", "answer"), CELLS)
def test_a_rule_answers_as_airflow_documents_it(rule, upstream, answer):
    assert outcome(judged(rule, upstream)) == ANSWERS[answer]


def test_the_table_holds_every_rule():
    assert set(TABLE) == set(RULES)
    assert len(RULES) == 13


@pytest.mark.parametrize("rule", RULES)
def test_a_task_without_upstream_is_ready(rule):
    assert judge(rule, Counter(), 0) == Ready()


@pytest.mark.parametrize(
    ("setups", "states", "answer"),
    [
        ("s", "f", "g"),
        ("s", "k", "g"),
        ("sf", "s", "g"),
        ("f", "s", "u"),
        ("u", "s", "u"),
        ("fk", "s", "u"),
        ("k", "s", "k"),
        ("kk", "f", "k"),
        ("s", ".", "."),
        (".", "s", "."),
        ("f", ".", "."),
    ],
)
def test_a_teardown_runs_when_all_is_done_and_a_setup_succeeded(setups, states, answer):
    assert outcome(judged("all_done_setup_success", states, setups)) == ANSWERS[answer]


def test_an_unknown_rule_is_named_with_those_that_exist():
    with pytest.raises(BadDag, match=r"'all_good'.*all_success"):
        judge("all_good", Counter(), 1)


def test_a_wait_says_how_far_its_upstream_is():
    assert judged("all_success", "ss.") == Wait("2 of 3 done")
    assert judged("one_success", "f..") == Wait("none of 3 succeeded yet, 1 done")


def test_a_decision_says_which_states_are_to_blame():
    verdict = judged("all_success", "sfu")
    assert isinstance(verdict, Becomes)
    assert verdict.reason == "2 of 3 upstream failed"
    assert verdict.blame == {TaskState.FAILED, TaskState.UPSTREAM_FAILED}


finished = st.lists(st.sampled_from(sorted(FINISHED)), max_size=6)
rules = st.sampled_from(RULES)


@given(rules, finished, st.integers(0, 4), finished)
def test_what_finished_upstreams_decided_stays_decided(rule, states, unfinished, later):
    later = later[:unfinished]
    before = judge(rule, Counter(states), len(states) + unfinished)
    after = judge(rule, Counter(states + later), len(states) + unfinished)
    if not isinstance(before, Wait):
        assert type(after) is type(before)
        # A skip seen first and a failure seen later: Airflow's default rule takes whichever came first.
        assert outcome(after) == outcome(before) or rule == "all_success"


@given(rules, finished)
def test_nobody_waits_once_everything_upstream_has_finished(rule, states):
    assert not isinstance(judge(rule, Counter(states), len(states)), Wait)


@given(rules, finished, st.integers(1, 4))
def test_unfinished_upstreams_may_be_counted_or_left_out(rule, states, unfinished):
    total = len(states) + unfinished
    counted = Counter(states) + Counter({TaskState.RUNNING: unfinished})
    assert judge(rule, counted, total) == judge(rule, Counter(states), total)


#: The states of which one is enough for a task to start while others upstream are unfinished.
ENOUGH = {
    "one_success": {TaskState.SUCCESS},
    "one_failed": {TaskState.FAILED, TaskState.UPSTREAM_FAILED},
    "one_done": {TaskState.SUCCESS, TaskState.FAILED},
}


@given(rules.filter(lambda rule: rule != "always"), finished, st.integers(1, 4))
def test_no_task_is_ready_while_an_upstream_that_its_rule_needs_is_unfinished(rule, states, unfinished):
    verdict = judge(rule, Counter(states), len(states) + unfinished)
    if isinstance(verdict, Ready):
        assert not ENOUGH.get(rule, set()).isdisjoint(states)
