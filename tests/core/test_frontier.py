"""A reader of numbered rows misses none that is committed late, and waits for none that never comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.frontier import GAP_S, Frontier


def test_what_was_passed_holds_the_position_until_it_comes():
    frontier = Frontier(10)
    for number in (11, 14, 12):
        frontier.pass_by(number, 0.0)
    assert (frontier.top, frontier.position, set(frontier.gaps)) == (14, 12, {13})
    frontier.pass_by(13, 1.0)
    assert (frontier.position, frontier.gaps) == (14, {})


def test_a_number_that_nobody_commits_is_given_up_after_a_while():
    frontier = Frontier(0)
    frontier.pass_by(3, 5.0)
    frontier.give_up(5.0 + GAP_S - 1)
    assert frontier.position == 0
    frontier.give_up(5.0 + GAP_S)
    assert frontier.position == 3


def test_history_that_was_deleted_is_no_gap():
    frontier = Frontier(0)
    frontier.pass_by(20_000, 0.0)
    assert (frontier.position, frontier.gaps) == (20_000, {})


@given(st.permutations(range(1, 12)))
def test_in_whatever_order_they_come_all_are_passed_in_the_end(numbers):
    frontier = Frontier(0)
    for count, number in enumerate(numbers, 1):
        frontier.pass_by(number, 0.0)
        passed = set(numbers[:count])
        assert set(range(1, frontier.position + 1)) <= passed
    assert frontier.position == 11
