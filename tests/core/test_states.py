"""The tables of moves: every pair of states, and the diagrams drawn from them."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from scheduler.core.diagrams import states_page
from scheduler.core.states import (
    ATTEMPT_MOVES,
    FINISHED,
    LIVE_ATTEMPT,
    RUN_FINISHED,
    RUN_MOVES,
    TASK_MOVES,
    UNFINISHED,
    AttemptState,
    RunState,
    TaskState,
    attempt_states_before,
    run_states_before,
    states_before,
)

DIAGRAMS = Path(__file__).parents[2] / "docs" / "states.md"

# fmt: off
#: Rows leave, columns are reached, in the order of the enum; x = a legal move.
TASKS = """
                   non sch que run suc fai ret res def inp upf ski rem
none                .   x   .   .   x   x   .   .   .   .   x   x   x
scheduled           x   .   x   .   x   x   .   .   .   .   .   x   x
queued              x   x   .   x   x   x   .   .   .   .   .   x   x
running             x   .   x   .   x   x   x   x   x   x   .   x   .
success             x   .   .   .   .   x   .   .   .   .   .   x   .
failed              x   .   .   .   x   .   .   .   .   .   .   x   .
up_for_retry        x   x   .   .   x   x   .   .   .   .   .   x   .
up_for_reschedule   x   x   .   .   x   x   .   .   .   .   .   x   .
deferred            x   x   .   .   x   x   .   .   .   .   .   x   .
awaiting_input      x   x   .   .   x   x   .   .   .   .   .   x   .
upstream_failed     x   .   .   .   x   x   .   .   .   .   .   x   .
skipped             x   .   .   .   x   x   .   .   .   .   .   .   .
removed             x   .   .   .   .   .   .   .   .   .   .   .   .
"""
ATTEMPTS = """
           que run suc fai ski los can def
queued      .   x   .   .   .   .   x   .
running     x   .   x   x   x   x   x   x
success     .   .   .   .   .   .   .   .
failed      .   .   .   .   .   .   .   .
skipped     .   .   .   .   .   .   .   .
lost        .   .   .   .   .   .   .   .
cancelled   .   .   .   .   .   .   .   .
deferred    .   .   .   .   .   .   .   .
"""
RUNS = """
           que run suc fai
queued      .   x   x   x
running     x   .   x   x
success     x   .   .   x
failed      x   .   x   .
"""
# fmt: on


def drawn(kind, picture):
    """Read a picture: {(from, to): legal}."""
    _, *rows = picture.strip("\n").splitlines()
    cells: dict[tuple[object, object], bool] = {}
    for row in rows:
        name, *marks = row.split()
        cells |= {(kind(name), to): mark == "x" for to, mark in zip(kind, marks, strict=True)}
    return cells


@pytest.mark.parametrize(
    ("kind", "moves", "picture"),
    [(TaskState, TASK_MOVES, TASKS), (AttemptState, ATTEMPT_MOVES, ATTEMPTS), (RunState, RUN_MOVES, RUNS)],
    ids=["task", "attempt", "run"],
)
def test_the_table_holds_exactly_the_moves_of_the_picture(kind, moves, picture):
    expected = drawn(kind, picture)
    assert set(moves) == set(kind)
    assert set(expected) == set(product(kind, kind))
    assert {pair: pair[1] in moves[pair[0]] for pair in expected} == expected


@pytest.mark.parametrize(
    ("kind", "moves", "before"),
    [
        (TaskState, TASK_MOVES, states_before),
        (AttemptState, ATTEMPT_MOVES, attempt_states_before),
        (RunState, RUN_MOVES, run_states_before),
    ],
    ids=["task", "attempt", "run"],
)
def test_states_before_are_the_table_read_backwards(kind, moves, before):
    for left, right in product(kind, kind):
        assert (left in before(right)) == (right in moves[left])


def test_a_finished_task_never_starts_without_being_opened_first():
    for state in FINISHED:
        assert TASK_MOVES[state].isdisjoint(UNFINISHED - {TaskState.NONE})


def test_a_final_attempt_stays_final():
    for state in set(AttemptState) - LIVE_ATTEMPT:
        assert not ATTEMPT_MOVES[state]


def test_a_finished_run_is_opened_only_by_queueing_it_again():
    for state in RUN_FINISHED:
        assert RUN_MOVES[state] - RUN_FINISHED == {RunState.QUEUED}


def test_the_diagrams_in_the_documentation_are_those_of_the_tables():
    assert DIAGRAMS.read_text() == states_page(), "run: python -m scheduler.core.diagrams"
